#include "providers/twilio/xml.hpp"

#include <trunkline/base/text.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

namespace trunkline::providers::twilio {
namespace {

constexpr int max_depth = 16;
constexpr std::string_view blanks = " \t\r\n";

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
}
bool is_name(char c) {
  return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

bool is_xml_character(std::uint32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
  return code < 0xD800 || (code > 0xDFFF && code < 0xFFFE) || (code > 0xFFFF && code <= 0x10FFFF);
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (code >> shift & 0x3F)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), rest_(text) {}

  Result<Element> run() {
    Element root;
    if (!prolog() || !element(root, 1) || !misc()) return failure();
    if (!rest_.empty()) {
      fail("there is something after the root element");
      return failure();
    }
    return root;
  }

 private:
  bool fail(std::string_view problem) {
    if (problem_.empty()) problem_ = problem;
    return false;
  }
  Error failure() const {
    const auto done = text_.substr(0, text_.size() - rest_.size());
    const auto line = std::count(done.begin(), done.end(), '\n') + 1;
    return make_error("invalid_xml", "line " + std::to_string(line) + ": " + problem_);
  }

  bool take(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(blanks), rest_.size())); }
  bool skip_past(std::string_view end, std::string_view problem) {
    const auto at = rest_.find(end);
    if (at == std::string_view::npos) return fail(problem);
    rest_.remove_prefix(at + end.size());
    return true;
  }

  bool prolog() {
    if (!text::is_utf8(text_)) return fail("the document is not UTF-8");
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 && blanks.find(c) == blanks.npos; };
    if (std::any_of(text_.begin(), text_.end(), control)) return fail("the document has control characters");
    for (const std::string_view noncharacter : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"}) {
      if (text_.find(noncharacter) != text_.npos) return fail("the document has U+FFFE or U+FFFF");
    }
    take("\xEF\xBB\xBF");  // byte order mark
    if (take("<?xml") && !skip_past("?>", "the XML declaration does not end")) return false;
    return misc();
  }

  // Comments, processing instructions and blanks between elements.
  bool misc() {
    for (;;) {
      skip_blanks();
      if (rest_.starts_with("<!--")) {
        if (!comment()) return false;
      } else if (rest_.starts_with("<?")) {
        if (!instruction()) return false;
      } else {
        return rest_.starts_with("<!") ? fail("a document type is not accepted") : true;
      }
    }
  }
  bool comment() {
    take("<!--");
    return skip_past("--", "a comment does not end") && (take(">") || fail("a comment has -- inside"));
  }
  bool instruction() {
    if (rest_.starts_with("<?xml")) return fail("the XML declaration is not at the very beginning");
    return skip_past("?>", "a processing instruction does not end");
  }

  bool name(std::string& out) {
    if (rest_.empty() || !is_name_start(rest_[0])) return fail("a name is missing");
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_name);
    out.assign(rest_.begin(), end);
    rest_.remove_prefix(out.size());
    return true;
  }

  bool element(Element& out, int depth) {
    if (depth > max_depth) return fail("elements nest too deep");
    if (!take("<")) return fail("an element is missing");
    if (!name(out.name)) return false;
    for (;;) {
      const bool separated = !rest_.empty() && blanks.find(rest_[0]) != blanks.npos;
      skip_blanks();
      if (take("/>")) return true;
      if (take(">")) return content(out, depth);
      if (!separated) return fail("<" + out.name + " is malformed");
      if (!attribute(out)) return false;
    }
  }

  bool attribute(Element& out) {
    std::string key;
    if (!name(key)) return false;
    if (std::any_of(out.attributes.begin(), out.attributes.end(), [&](const auto& a) { return a.first == key; })) {
      return fail("the attribute " + key + " is repeated");
    }
    skip_blanks();
    if (!take("=")) return fail("the attribute " + key + " has no value");
    skip_blanks();
    const char quote = rest_.empty() ? '\0' : rest_[0];
    if (quote != '"' && quote != '\'') return fail("the attribute " + key + " has no quotes");
    rest_.remove_prefix(1);
    std::string value;
    while (!rest_.empty() && rest_[0] != quote) {
      if (rest_[0] == '<') return fail("the attribute " + key + " has < inside");
      if (rest_[0] == '&') {
        if (!reference(value)) return false;
      } else if (take("\r\n") || take("\r") || take("\n") || take("\t")) {
        value += ' ';  // XML 1.0 section 3.3.3
      } else {
        value += rest_[0];
        rest_.remove_prefix(1);
      }
    }
    if (rest_.empty()) return fail("the attribute " + key + " does not end");
    rest_.remove_prefix(1);
    out.attributes.emplace_back(std::move(key), std::move(value));
    return true;
  }

  bool content(Element& out, int depth) {
    for (;;) {
      if (!characters(out.text)) return false;
      if (rest_.empty()) return fail("<" + out.name + "> is not closed");
      if (take("</")) {
        std::string closing;
        if (!name(closing)) return false;
        skip_blanks();
        if (closing != out.name || !take(">")) return fail("<" + out.name + "> is closed by </" + closing);
        return true;
      }
      if (rest_.starts_with("<!--")) {
        if (!comment()) return false;
      } else if (rest_.starts_with("<?")) {
        if (!instruction()) return false;
      } else if (take("<![CDATA[")) {
        const auto end = std::min(rest_.find("]]>"), rest_.size());
        append_lines(out.text, rest_.substr(0, end));
        if (!skip_past("]]>", "a CDATA section does not end")) return false;
      } else if (!element(out.children.emplace_back(), depth + 1)) {
        return false;
      }
    }
  }

  bool characters(std::string& out) {
    while (!rest_.empty() && rest_[0] != '<') {
      if (rest_[0] == '&') {
        if (!reference(out)) return false;
        continue;
      }
      const std::string_view run = rest_.substr(0, rest_.find_first_of("<&"));
      if (run.find("]]>") != run.npos) return fail("the text has ]]> inside");
      append_lines(out, run);
      rest_.remove_prefix(run.size());
    }
    return true;
  }

  // XML 1.0 section 2.11: every line end is one line feed.
  static void append_lines(std::string& out, std::string_view run) {
    for (std::size_t i = 0; i < run.size(); ++i) {
      if (run[i] != '\r') {
        out += run[i];
      } else if (i + 1 == run.size() || run[i + 1] != '\n') {
        out += '\n';
      }
    }
  }

  bool reference(std::string& out) {
    take("&");
    const std::string_view entity = rest_.substr(0, std::min(rest_.find(';'), rest_.size()));
    if (entity.size() == rest_.size()) return fail("& begins no reference");
    const auto code = code_of(entity);
    if (!code || !is_xml_character(*code)) return fail("an unknown reference");
    rest_.remove_prefix(entity.size() + 1);
    append_utf8(out, *code);
    return true;
  }

  static std::optional<std::uint32_t> code_of(std::string_view entity) {
    static constexpr std::pair<std::string_view, std::uint32_t> named[] = {
        {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    for (const auto& [known, code] : named) {
      if (entity == known) return code;
    }
    if (!entity.starts_with('#')) return std::nullopt;
    const int base = entity.starts_with("#x") ? 16 : 10;
    entity.remove_prefix(base == 16 ? 2 : 1);
    std::uint32_t code = 0;
    const auto [end, error] = std::from_chars(entity.data(), entity.data() + entity.size(), code, base);
    if (error != std::errc{} || end != entity.data() + entity.size()) return std::nullopt;
    return code;
  }

  std::string_view text_;
  std::string_view rest_;
  std::string problem_;
};

}  // namespace

Result<Element> parse_xml(std::string_view text) {
  return Parser(text).run();
}

}  // namespace trunkline::providers::twilio

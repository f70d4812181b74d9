#include "observe/log_line.hpp"

#include <trunkline/base/text.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace trunkline::log {
namespace {

bool is_plain(unsigned char c) {
  return c >= 0x20 && c != '"' && c != '\\' && c != 0x7F;
}

template <class Number>
void append_number(std::string& out, Number number) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

/// A value in either layout; text is quoted always, or only when it would be unclear where it ends.
struct AppendValue {
  std::string& out;
  bool always_quote;

  void operator()(std::string_view text) const {
    if (always_quote || !std::all_of(text.begin(), text.end(),
                                     [](unsigned char c) { return is_plain(c) && c != ' ' && c != '=' && c < 0x80; })) {
      text::append_json_string(out, text);
    } else {
      out += text;
    }
  }
  void operator()(Masked masked) const { (*this)(std::string_view(text::mask_number(masked.number))); }
  void operator()(bool yes) const { out += yes ? "true" : "false"; }
  void operator()(std::int64_t number) const { append_number(out, number); }
  void operator()(std::uint64_t number) const { append_number(out, number); }
  void operator()(double number) const {
    if (std::isfinite(number)) {
      append_number(out, number);
    } else {
      out += "null";  // JSON has no word for it
    }
  }
};

bool says_nothing(const Field& field) {
  const auto* text = std::get_if<std::string_view>(&field.value);
  return text != nullptr && text->empty();
}

void append_json(std::string& out, const Entry& entry) {
  out += R"({"time":")";
  out += text::to_rfc3339(entry.time);
  out += R"(","level":")";
  out += to_string(entry.level);
  out += R"(","msg":)";
  text::append_json_string(out, entry.message);
  for (const Field& field : entry.fields) {
    if (says_nothing(field)) continue;
    out += ',';
    text::append_json_string(out, field.key);
    out += ':';
    std::visit(AppendValue{out, true}, field.value);
  }
  out += '}';
}

struct LevelLook {
  std::string_view word;
  std::string_view colour;
};
constexpr std::array looks = {LevelLook{"DEBUG", "\x1b[2m"}, LevelLook{"INFO ", "\x1b[32m"},
                              LevelLook{"WARN ", "\x1b[33m"}, LevelLook{"ERROR", "\x1b[31m"}};
constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view plain = "\x1b[0m";

void append_pretty(std::string& out, const Entry& entry, bool colour) {
  const LevelLook& look = looks[static_cast<std::size_t>(entry.level)];
  out += text::to_rfc3339(entry.time).substr(11, 12);  // the time of day
  out += ' ';
  if (colour) out += look.colour;
  out += look.word;
  if (colour) out += plain;
  out += ' ';
  text::append_json_escaped(out, entry.message);
  for (const Field& field : entry.fields) {
    if (says_nothing(field)) continue;
    out += ' ';
    if (colour) out += dim;
    text::append_json_escaped(out, field.key);
    out += '=';
    if (colour) out += plain;
    std::visit(AppendValue{out, false}, field.value);
  }
}

}  // namespace

void append_line(std::string& out, Layout layout, const Entry& entry) {
  if (layout == Layout::json) {
    append_json(out, entry);
  } else {
    append_pretty(out, entry, layout == Layout::coloured);
  }
}

}  // namespace trunkline::log

#include "config/values.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/config/url.hpp>

#include <algorithm>
#include <array>
#include <concepts>

namespace trunkline::config {
namespace {

constexpr std::size_t max_text_bytes = 4096;

Error wrong(std::string reason) {
  return make_error("invalid_value", std::move(reason));
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

std::string one_of(std::string_view words) {
  std::string list;
  for (const std::string_view word : text::split(words, ' ')) list += (list.empty() ? "" : ", ") + std::string(word);
  return "is not one of " + list;
}

/// The text as it is kept, when the rule allows it.
struct Check {
  std::string_view text;

  Result<std::string> operator()(Anything) const { return std::string(text); }
  Result<std::string> operator()(Range) const { return wrong("is not a number"); }
  Result<std::string> operator()(OneOf rule) const {
    const auto words = text::split(rule.words, ' ');
    if (std::find(words.begin(), words.end(), text) == words.end()) return wrong(one_of(rule.words));
    return std::string(text);
  }
  Result<std::string> operator()(BaseUrl rule) const { return parse_base_url(text, rule.schemes); }
  Result<std::string> operator()(ServiceUrl rule) const {
    return rule.with_path ? parse_service_url(text) : parse_service_origin(text);
  }
  Result<std::string> operator()(AtLeastBytes rule) const {
    if (text.size() >= rule.bytes) return std::string(text);
    return wrong("is " + std::to_string(text.size()) + " bytes long; it needs at least " + std::to_string(rule.bytes));
  }
  Result<std::string> operator()(Shape rule) const {
    if (!rule.fits(text)) return wrong(std::string(rule.reason));
    return std::string(text);
  }
};

Result<std::uint64_t> read_number(std::string_view text, const Rule& rule) {
  const auto number = text::to_uint(text);
  if (const auto* words = std::get_if<OneOf>(&rule)) {
    const auto checked = Check{text}(*words);
    if (!checked) return checked.error();
    return number.value();
  }
  const Range range = std::get<Range>(rule);
  if (number && *number >= range.least && *number <= range.most) return *number;
  return wrong("is not a whole number from " + std::to_string(range.least) + " to " + std::to_string(range.most));
}

template <class Number>
Result<> read_value(std::string_view text, const Rule& rule, Number& value)
  requires std::unsigned_integral<Number>
{
  const auto number = read_number(text, rule);
  if (!number) return number.error();
  value = static_cast<Number>(*number);
  return {};
}

template <class Rep, class Period>
Result<> read_value(std::string_view text, const Rule& rule, std::chrono::duration<Rep, Period>& value) {
  const auto number = read_number(text, rule);
  if (!number) return number.error();
  value = std::chrono::duration<Rep, Period>(static_cast<Rep>(*number));
  return {};
}

Result<> read_value(std::string_view text, const Rule& rule, std::filesystem::path& value) {
  std::string path;
  const auto read = config::read_value(text, rule, path);
  if (read) value = path;
  return read;
}

constexpr std::array access_words = {std::string_view{"loopback"}, std::string_view{"token"}, std::string_view{"open"}};

Result<> read_value(std::string_view text, const Rule& rule, MetricsAccess& value) {
  std::string word;
  const auto read = config::read_value(text, rule, word);
  if (read) value = MetricsAccess(std::find(access_words.begin(), access_words.end(), word) - access_words.begin());
  return read;
}

std::string write_value(const std::string& value) {
  return value;
}
std::string write_value(const std::filesystem::path& value) {
  return value.string();
}
std::string write_value(bool value) {
  return value ? "true" : "false";
}
std::string write_value(MetricsAccess value) {
  return std::string(access_words[static_cast<std::size_t>(value)]);
}
std::string write_value(std::unsigned_integral auto value) {
  return std::to_string(value);
}
template <class Rep, class Period>
std::string write_value(std::chrono::duration<Rep, Period> value) {
  return std::to_string(value.count());
}
std::string write_value(const std::vector<std::string>& values) {
  std::string list;
  for (const std::string& value : values) list += (list.empty() ? "" : ",") + value;
  return list;
}

}  // namespace

Result<> read_value(std::string_view text, const Rule& rule, std::string& value) {
  if (text.size() > max_text_bytes) return wrong("is longer than " + std::to_string(max_text_bytes) + " bytes");
  if (has_control(text)) return wrong("holds a control character");
  auto checked = std::visit(Check{text}, rule);
  if (!checked) return checked.error();
  value = std::move(*checked);
  return {};
}

Result<> read_value(std::string_view text, const Rule& rule, std::vector<std::string>& value) {
  std::vector<std::string> items;
  for (const std::string_view item : text::split(text, ',')) {
    const std::string_view trimmed = text::trim(item);
    if (trimmed.empty()) return wrong("has an empty item in its list");
    const auto read = read_value(trimmed, rule, items.emplace_back());
    if (!read) return read.error();
  }
  value = std::move(items);
  return {};
}

Result<> read_value(std::string_view text, const Rule&, bool& value) {
  static constexpr std::array yes = {"true", "yes", "on", "1"};
  static constexpr std::array no = {"false", "no", "off", "0"};
  const auto is = [&](std::string_view word) { return text::iequals(text, word); };
  value = std::any_of(yes.begin(), yes.end(), is);
  if (!value && std::none_of(no.begin(), no.end(), is)) return wrong("is neither true nor false");
  return {};
}

Result<> assign(const Option& option, Settings& settings, std::string_view text) {
  return std::visit([&](auto place) { return read_value(text, option.rule, place(settings)); }, option.field);
}

std::string show(const Option& option, Settings settings) {
  return std::visit([&](auto place) { return write_value(place(settings)); }, option.field);
}

}  // namespace trunkline::config

#include "providers/acs/fields.hpp"

#include <trunkline/base/json.hpp>
#include <trunkline/base/text.hpp>

#include <algorithm>
#include <limits>

namespace trunkline::providers::acs::fields {
namespace {

using nlohmann::json;

// Up to where the text is JSON, it is exact about what is inside a string; beyond that the parser refuses it anyway.
bool nests_deeper(std::string_view text, std::size_t max_depth) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      in_string = !in_string;
    } else if (in_string) {
      if (c == '\\') ++i;
    } else if (c == '[' || c == '{') {
      if (++depth > max_depth) return true;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<json> parse(std::string_view text, std::size_t max_depth) {
  if (nests_deeper(text, max_depth)) return make_error("invalid_json", "the JSON is nested too deeply");
  json out = json::parse(text, nullptr, false);
  if (out.is_discarded()) return make_error("invalid_json", "the text is not JSON");
  return out;
}

Error bad(std::string_view field, std::string_view problem) {
  return make_error("invalid_event", std::string(field).append(" ").append(problem));
}

std::string cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  // Continuation bytes of UTF-8 are 10xxxxxx.
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  return std::string(text.substr(0, limit));
}

const json& object_at(const json& object, const char* key) {
  static const json none = json::object();
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : none;
}

std::string text_at(const json& object, const char* key, std::size_t limit) {
  return cut(text_of(object, key), limit);
}

std::string word_at(const json& object, const char* key) {
  constexpr std::size_t longest = 64;
  return text::lower(text_at(object, key, longest));
}

std::optional<std::int64_t> integer_at(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return std::nullopt;
  if (found->is_string()) return text::to_int(found->get_ref<const std::string&>());
  if (!found->is_number_integer()) return std::nullopt;
  constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();
  if (found->is_number_unsigned() && found->get<std::uint64_t>() > largest) return std::nullopt;
  return found->get<std::int64_t>();
}

bool flag_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

bool is_name(std::string_view text, std::size_t limit) {
  return text.size() <= limit && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

Result<std::string> name_at(const json& object, const char* key, std::size_t limit, std::string_view path) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::string();
  const auto* text = found->get_ptr<const std::string*>();
  if (text == nullptr || !is_name(*text, limit)) {
    return bad(std::string(path) + key, "must be visible ASCII of at most " + std::to_string(limit) + " characters");
  }
  return *text;
}

void put(json& data, const char* key, std::string value) {
  if (!value.empty()) data[key] = std::move(value);
}

}  // namespace trunkline::providers::acs::fields

#include "providers/acs/socket_message.hpp"

#include <trunkline/base/text.hpp>

#include <limits>

namespace trunkline::providers::acs {
namespace {

using nlohmann::json;

constexpr int max_depth = 8;  // a word of a transcription has 4

// Asked before the parser builds anything. Brackets inside strings do not count; whether the text is JSON is the
// parser's to say.
bool nested_too_deeply(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > max_depth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Reading read_message(std::string_view text, std::size_t max_bytes) {
  Reading reading;
  if (text.size() > max_bytes || nested_too_deeply(text)) {
    reading.problem = Ignored::malformed;
    return reading;
  }
  reading.message = json::parse(text, nullptr, false);
  if (reading.message.is_discarded()) {
    reading.problem = Ignored::invalid_json;
  } else if (const std::string* kind = text_member(reading.message, "kind")) {
    reading.kind = *kind;
  } else {
    reading.problem = Ignored::malformed;
  }
  return reading;
}

const json* member(const json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  auto at = object.find(name);
  for (auto it = object.begin(); at == object.end() && it != object.end(); ++it) {
    if (text::iequals(it.key(), name)) at = it;
  }
  return at == object.end() || at->is_null() ? nullptr : &*at;
}

const json* object_member(const json& object, std::string_view name) {
  const json* value = member(object, name);
  return value == nullptr || !value->is_object() ? nullptr : value;
}

const std::string* text_member(const json& object, std::string_view name) {
  const json* value = member(object, name);
  return value == nullptr ? nullptr : value->get_ptr<const std::string*>();
}

std::optional<std::int64_t> integer_member(const json& object, std::string_view name) {
  const json* value = member(object, name);
  if (value == nullptr) return std::nullopt;
  std::optional<std::uint64_t> number;
  if (value->is_number_unsigned()) number = value->get<std::uint64_t>();
  if (const auto* digits = value->get_ptr<const std::string*>()) number = text::to_uint(*digits);
  if (!number || *number > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::optional<std::string_view> short_text(const json& object, std::string_view name, std::size_t max_bytes) {
  const json* value = member(object, name);
  if (value == nullptr) return std::string_view{};
  const auto* text = value->get_ptr<const std::string*>();
  if (text == nullptr || text->size() > max_bytes) return std::nullopt;
  return *text;
}

}  // namespace trunkline::providers::acs

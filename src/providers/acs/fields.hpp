#pragma once

#include <trunkline/base/result.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Reading members of what came from outside. What is missing or of another kind reads as nothing.
namespace trunkline::providers::acs::fields {

/// JSON of at most `max_depth` levels: whoever walks it by recursion is safe. Error `invalid_json`.
Result<nlohmann::json> parse(std::string_view text, std::size_t max_depth);

/// Error `invalid_event`, naming the field.
Error bad(std::string_view field, std::string_view problem);

/// The first `limit` bytes at most; no character is cut in two.
std::string cut(std::string_view text, std::size_t limit);

/// The object under `key`; an empty one when there is none.
const nlohmann::json& object_at(const nlohmann::json& object, const char* key);

/// A text, cut.
std::string text_at(const nlohmann::json& object, const char* key, std::size_t limit);
/// The same in lower case: words that are spelled in several cases.
std::string word_at(const nlohmann::json& object, const char* key);

/// A whole number, written as one or as decimal text.
std::optional<std::int64_t> integer_at(const nlohmann::json& object, const char* key);

bool flag_at(const nlohmann::json& object, const char* key);

/// Visible ASCII of at most `limit` bytes, as a name that is used as it stands must be; also none.
bool is_name(std::string_view text, std::size_t limit);

/// The name under `key`, empty when it is missing; an error when it is none, since a name that is cut names something
/// else. `path` is where `object` is: `data.`.
Result<std::string> name_at(const nlohmann::json& object, const char* key, std::size_t limit, std::string_view path);

/// Puts `value` under `key` unless it is empty.
void put(nlohmann::json& data, const char* key, std::string value);

}  // namespace trunkline::providers::acs::fields

#pragma once

#include <trunkline/providers/acs/socket_state.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Reading the sockets' messages by the JSON parser. Names of members are found whatever their case: the service's own
/// libraries differ in it. The exact name goes before another spelling.
namespace trunkline::providers::acs {

/// A whole message, or why it is of no use: it is not JSON, too long, nested too deeply, or no object with a kind.
struct Reading {
  nlohmann::json message;
  std::string kind;
  std::optional<Ignored> problem;
};
Reading read_message(std::string_view text, std::size_t max_bytes);

/// The member `name`, or null when it is absent, `null`, or `object` is no object.
const nlohmann::json* member(const nlohmann::json& object, std::string_view name);
/// The same when it is an object.
const nlohmann::json* object_member(const nlohmann::json& object, std::string_view name);
/// The same when it is a string.
const std::string* text_member(const nlohmann::json& object, std::string_view name);
/// A whole number that is not negative and fits, written as digits or as a string of them. Never by way of a floating
/// point number, which has 53 bits only.
std::optional<std::int64_t> integer_member(const nlohmann::json& object, std::string_view name);

/// A text of at most `max_bytes`; empty when it is absent or `null`, nothing when it is something else or longer.
std::optional<std::string_view> short_text(const nlohmann::json& object, std::string_view name, std::size_t max_bytes);

}  // namespace trunkline::providers::acs

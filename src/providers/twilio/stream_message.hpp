#pragma once

#include "providers/twilio/media_scan.hpp"

#include <trunkline/providers/twilio/stream_codec.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace trunkline::providers::twilio {

/// The string at `key`, or null when there is none.
const std::string* string_at(const nlohmann::json& object, const char* key);

/// The number at `key`, written as a number or as a decimal string.
std::optional<std::uint64_t> number_at(const nlohmann::json& object, const char* key);

/// The object at `key`, or null when there is none.
const nlohmann::json* object_at(const nlohmann::json& object, const char* key);

/// A whole media message by the JSON parser; `payload` points into `message`.
std::optional<MediaFields> read_media(const nlohmann::json& message);

/// Nothing when ids are missing, strange or contradict each other. An absent mediaFormat is mu-law at 8 kHz; one that
/// we do not speak has sample rate 0.
std::optional<StreamStart> read_start(const nlohmann::json& message);

}  // namespace trunkline::providers::twilio

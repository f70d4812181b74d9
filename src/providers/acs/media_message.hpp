#pragma once

#include "providers/acs/audio_scan.hpp"

#include <trunkline/providers/acs/media_codec.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace trunkline::providers::acs {

/// Nothing when the subscription's id is missing or strange. A format that we do not speak has sample rate 0.
std::optional<StreamStart> read_metadata(const nlohmann::json& message);

/// A whole audio message by the JSON parser; the views point into `message`.
std::optional<AudioFields> read_audio(const nlohmann::json& message);

struct DtmfFields {
  char digit = '0';
  std::optional<std::int64_t> timestamp_ms;
  std::string_view participant;
};
std::optional<DtmfFields> read_dtmf(const nlohmann::json& message);

/// The key of a tone, `0123456789*#ABCD`: itself, or a word (`three`, `pound`, `asterisk`) in any case.
std::optional<char> parse_tone(std::string_view tone);

}  // namespace trunkline::providers::acs

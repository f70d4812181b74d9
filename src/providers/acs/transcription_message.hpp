#pragma once

#include <trunkline/providers/acs/transcription_codec.hpp>

#include <nlohmann/json_fwd.hpp>

#include <optional>

namespace trunkline::providers::acs {

/// Nothing when a field is no text or too long.
std::optional<TranscriptionStart> read_transcription_metadata(const nlohmann::json& message);

/// Nothing without a text, an offset and a known status, or when a field is of the wrong type; then an offset that is
/// written as a fraction is, too. A text that is too long is cut, words that are too many or odd are left out.
std::optional<TranscribedSegment> read_transcription_data(const nlohmann::json& message);

}  // namespace trunkline::providers::acs

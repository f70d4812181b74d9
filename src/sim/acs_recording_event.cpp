#include "sim/acs_recording_event.hpp"

#include <trunkline/base/base64.hpp>
#include <trunkline/base/text.hpp>

#include <nlohmann/json.hpp>

namespace trunkline::sim {
namespace {

using nlohmann::json;

std::string format_of(const AcsFile& file) {
  const std::string extension = text::lower(file.path.extension().string());
  if (extension == ".mp3") return "Mp3";
  return extension == ".mp4" ? "Mp4" : "Wav";
}

}  // namespace

std::string acs_recording_id(const AcsFile& file) {
  return base64::encode(json{{"PlatformEndpointId", file.document_id}}.dump());
}

std::string acs_recording_data(const std::string& endpoint, const AcsFile& file, WallTime began, WallTime ended) {
  const json chunk = {{"documentId", file.document_id},
                      {"index", 0},
                      {"endReason", "SessionEnded"},
                      {"contentLocation", endpoint + file.content()},
                      {"metadataLocation", endpoint + file.metadata()},
                      {"deleteLocation", endpoint + file.place()}};
  const std::string format = format_of(file);
  return json{{"recordingStorageInfo", {{"recordingChunks", json::array({chunk})}}},
              {"recordingStartTime", text::to_rfc3339(began)},
              {"recordingDurationMs", to_millis(ended) - to_millis(began)},
              {"recordingContentType", format == "Mp4" ? "AudioVideo" : "Audio"},
              {"recordingChannelType", "Mixed"},
              {"recordingFormatType", format},
              {"sessionEndReason", "CallEnded"}}
      .dump();
}

}  // namespace trunkline::sim

#include "providers/acs/fields.hpp"

#include <trunkline/base/json.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/file_status.hpp>

#include <algorithm>

namespace trunkline::providers::acs {
namespace {

using nlohmann::json;
using Chunk = RecordingFiles::Chunk;

constexpr std::size_t max_chunks = 500;
constexpr std::size_t max_location = 4096;
constexpr std::size_t max_document_id = 512;
constexpr std::size_t max_name = 2048;

std::string name_in(std::string_view part) {
  std::string name = text::percent_decode(part, false);
  return fields::is_name(name, max_name) ? name : "";
}

// The ids are base64, with slashes: what stands between them tells where they end.
void read_subject(std::string_view subject, RecordingFiles& out) {
  constexpr std::string_view call = "/recording/call/";
  constexpr std::string_view server = "/serverCallId/";
  constexpr std::string_view recording = "/recordingId/";
  if (!subject.starts_with(call)) return;
  subject.remove_prefix(call.size());
  const auto at_server = subject.find(server);
  if (at_server == subject.npos) return;
  const auto at_recording = subject.find(recording, at_server + server.size());
  if (at_recording == subject.npos) return;
  const auto server_begin = at_server + server.size();
  out.call_id = name_in(subject.substr(0, at_server));
  out.server_call_id = name_in(subject.substr(server_begin, at_recording - server_begin));
  out.recording_id = name_in(subject.substr(at_recording + recording.size()));
}

Result<Chunk> read_chunk(const json& wire, std::size_t place) {
  const std::string path = "data.recordingStorageInfo.recordingChunks[" + std::to_string(place) + "].";
  Chunk out;
  const std::pair<const char*, std::string*> locations[] = {{"contentLocation", &out.content_location},
                                                            {"metadataLocation", &out.metadata_location},
                                                            {"deleteLocation", &out.delete_location}};
  for (const auto& [key, location] : locations) {
    auto text = fields::name_at(wire, key, max_location, path);
    if (!text) return text.error();
    *location = std::move(*text);
  }
  if (out.content_location.empty()) return fields::bad(path + "contentLocation", "is missing");
  out.index = fields::integer_at(wire, "index").value_or(static_cast<std::int64_t>(place));
  out.document_id = fields::text_at(wire, "documentId", max_document_id);
  out.end_reason = fields::word_at(wire, "endReason");
  return out;
}

Result<std::vector<Chunk>> read_chunks(const json& data) {
  const json& storage = fields::object_at(data, "recordingStorageInfo");
  const auto list = storage.find("recordingChunks");
  const std::string field = "data.recordingStorageInfo.recordingChunks";
  if (list == storage.end() || !list->is_array()) return fields::bad(field, "must be an array");
  if (list->size() > max_chunks) return fields::bad(field, "has more than 500 chunks");
  std::vector<Chunk> out;
  out.reserve(list->size());
  for (const json& wire : *list) {
    auto chunk = read_chunk(wire, out.size());
    if (!chunk) return chunk.error();
    const auto goes_before = [](std::int64_t index, const Chunk& other) { return index < other.index; };
    out.insert(std::upper_bound(out.begin(), out.end(), chunk->index, goes_before), std::move(*chunk));
  }
  return out;
}

std::optional<milliseconds> duration_of(const json& data) {
  const auto ms = fields::integer_at(data, "recordingDurationMs");
  return ms && *ms >= 0 ? std::optional(milliseconds{*ms}) : std::nullopt;
}

}  // namespace

Result<RecordingFiles> read_file_status(const Envelope& envelope) {
  const json& data = envelope.data;
  if (!data.is_object()) return fields::bad("data", "must be an object");
  RecordingFiles out;
  read_subject(envelope.subject, out);
  auto recording_id = fields::name_at(data, "recordingId", max_name, "data.");
  if (!recording_id) return recording_id.error();
  if (!recording_id->empty()) out.recording_id = std::move(*recording_id);
  if (out.recording_id.empty()) return fields::bad("data.recordingId", "is missing, and the subject has none");
  auto chunks = read_chunks(data);
  if (!chunks) return chunks.error();
  out.chunks = std::move(*chunks);
  out.started_at = text::parse_rfc3339(text_of(data, "recordingStartTime"));
  out.duration = duration_of(data);
  out.content_type = fields::word_at(data, "recordingContentType");
  out.channel_type = fields::word_at(data, "recordingChannelType");
  out.format = fields::word_at(data, "recordingFormatType");
  out.end_reason = fields::word_at(data, "sessionEndReason");
  out.storage_type = fields::word_at(data, "storageType");
  return out;
}

}  // namespace trunkline::providers::acs

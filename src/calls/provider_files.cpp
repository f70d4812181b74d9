#include "provider_files.hpp"

#include "intake.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace trunkline::calls {

bool is_known_file(CallLog& log, const Call& call, const ProviderFile& file) {
  return !log.sql()
              .query(
                  "SELECT id FROM call_recordings WHERE call_id = $1 AND source = $2 AND provider_recording_id = $3 "
                  "AND provider_file = $4 AND state <> 'failed'",
                  {call.id, call.provider, file.recording, file.name})
              .empty();
}

void open_fetch(CallLog& log, const Call& call, const ProviderFile& file, const std::string& recording_id) {
  const std::int64_t now = to_millis(log.now());
  const std::int64_t started = std::min(file.started_at ? to_millis(*file.started_at) : now, now);
  log.sql().post(
      "INSERT INTO call_recordings (id, call_id, state, path, started_at, channels, sample_rate, format, node, "
      "updated_at, source, provider_recording_id, provider_file, part) "
      "VALUES ($1, $2, 'recording', $3, $4, 0, 0, $5, '', $6, $7, $8, $9, $10)",
      {recording_id, call.id, recording_path(log.now(), recording_id, file.format), started, file.format, now,
       call.provider, file.recording, file.name, file.part});
  log.sql().post(
      "INSERT INTO recording_fetches (recording_id, call_id, provider, location, delete_location, duration_ms, "
      "next_attempt_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
      {recording_id, call.id, call.provider, file.location, file.delete_location, std::int64_t{file.duration.count()},
       now});
}

std::string expected_data(const std::string& common, const std::string& recording_id, const ProviderFile& file) {
  auto data = nlohmann::json::parse(common);
  data["recordingId"] = recording_id;
  data["part"] = file.part;
  return data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace trunkline::calls

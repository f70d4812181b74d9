#include <trunkline/base/text.hpp>
#include <trunkline/recording/library.hpp>

#include <nlohmann/json.hpp>

#include <string_view>
#include <utility>

namespace trunkline::recording {
namespace {

// Columns in the order in which from_row() reads them.
const std::string select =
    "SELECT id, call_id, state, path, started_at, completed_at, duration_ms, size_bytes, sha256, channels, "
    "sample_rate, format, recovered, failure, source, provider_recording_id, part FROM call_recordings ";
const std::string select_one = select + "WHERE id = $1";
const std::string select_of_call = select + "WHERE call_id = $1 ORDER BY started_at, part, id";
// Rows without a node were made before there could be several. What was given up because its node was gone is that
// node's to finish when it is back. What comes from a provider is fetched again.
const std::string select_unfinished = select +
                                      "WHERE (state = 'recording' OR failure = 'orphaned') AND node IN ($1, '') AND "
                                      "source = 'gateway' ORDER BY started_at, id LIMIT $2";
// What its node may still finish is not finished.
const std::string select_finished = select +
                                    "WHERE completed_at < $1 AND state <> 'recording' AND failure <> 'orphaned' "
                                    "AND (node = $2 OR $2 = '') ORDER BY completed_at LIMIT $3";

Recording from_row(const store::Row& row) {
  Recording recording;
  recording.id = row.text(0);
  recording.call_id = row.text(1);
  recording.state = row.text(2);
  recording.path = row.text(3);
  recording.started_at = from_millis(row.integer(4));
  if (const auto completed = row.integer_or_null(5)) recording.completed_at = from_millis(*completed);
  recording.facts.duration_ms = row.integer(6);
  recording.facts.size_bytes = row.integer(7);
  recording.facts.sha256 = row.text(8);
  recording.facts.channels = static_cast<int>(row.integer(9));
  recording.facts.sample_rate = static_cast<int>(row.integer(10));
  recording.facts.format = row.text(11);
  recording.recovered = row.integer(12) != 0;
  recording.failure = row.text(13);
  recording.source = row.text(14);
  recording.provider_recording_id = row.text(15);
  recording.part = row.integer(16);
  return recording;
}

std::vector<Recording> from_rows(const std::vector<store::Row>& rows) {
  std::vector<Recording> recordings;
  recordings.reserve(rows.size());
  for (const auto& row : rows) recordings.push_back(from_row(row));
  return recordings;
}

nlohmann::json facts_data(const FileFacts& facts) {
  nlohmann::json data = {{"durationMs", facts.duration_ms},
                         {"sizeBytes", facts.size_bytes},
                         {"sha256", facts.sha256},
                         {"format", facts.format}};
  if (facts.channels != 0) data["channels"] = facts.channels;
  if (facts.sample_rate != 0) data["sampleRate"] = facts.sample_rate;
  return data;
}

nlohmann::ordered_json known(int figure) {
  return figure == 0 ? nlohmann::ordered_json() : nlohmann::ordered_json(figure);
}

Error not_found(const std::string& id) {
  return make_error("recording_not_found", "there is no such recording", "recording " + id);
}

}  // namespace

Library::Library(store::Database& database, std::filesystem::path folder)
    : database_(database), folder_(std::move(folder)) {}

asio::awaitable<Result<Recording>> Library::find(std::string recording_id) {
  co_return co_await database_.read<Recording>([&](store::Sql& sql) -> Result<Recording> {
    const auto rows = sql.query(select_one, {recording_id});
    if (rows.empty()) return not_found(recording_id);
    return from_row(rows.front());
  });
}

asio::awaitable<Result<std::vector<Recording>>> Library::of_call(std::string call_id) {
  using Recordings = std::vector<Recording>;
  co_return co_await database_.read<Recordings>(
      [&](store::Sql& sql) -> Result<Recordings> { return from_rows(sql.query(select_of_call, {call_id})); });
}

asio::awaitable<Result<std::vector<Recording>>> Library::unfinished(std::string node) {
  using Recordings = std::vector<Recording>;
  co_return co_await database_.read<Recordings>([&](store::Sql& sql) -> Result<Recordings> {
    return from_rows(sql.query(select_unfinished, {node, std::int64_t{unfinished_limit}}));
  });
}

asio::awaitable<Result<std::vector<Recording>>> Library::finished_before(WallTime before, std::string node,
                                                                         std::size_t limit) {
  using Recordings = std::vector<Recording>;
  co_return co_await database_.read<Recordings>([&](store::Sql& sql) -> Result<Recordings> {
    return from_rows(sql.query(select_finished, {to_millis(before), node, static_cast<std::int64_t>(limit)}));
  });
}

asio::awaitable<Result<>> Library::forget(std::vector<std::string> recording_ids) {
  co_return co_await database_.write<void>([&](store::Sql& sql) -> Result<> {
    for (const auto& id : recording_ids) sql.post("DELETE FROM call_recordings WHERE id = $1", {id});
    return {};
  });
}

std::string completed_data(const std::string& recording_id, const FileFacts& facts, bool recovered) {
  nlohmann::json data = facts_data(facts);
  data["recordingId"] = recording_id;
  if (recovered) data["recovered"] = true;
  return data.dump();
}

std::string failed_data(const std::string& recording_id, const Error& failure, const std::optional<FileFacts>& kept,
                        bool recovered) {
  nlohmann::json data = kept ? facts_data(*kept) : nlohmann::json::object();
  data["recordingId"] = recording_id;
  data["reason"] = failure.code;
  data["message"] = failure.message;
  if (recovered) data["recovered"] = true;
  return data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string to_json_text(const Recording& recording) {
  const auto& facts = recording.facts;
  nlohmann::ordered_json json{
      {"recordingId", recording.id},
      {"callId", recording.call_id},
      {"state", recording.state},
      {"format", facts.format},
      {"channels", known(facts.channels)},
      {"sampleRate", known(facts.sample_rate)},
      {"durationMs", facts.duration_ms},
      {"sizeBytes", facts.size_bytes},
      {"sha256", nullptr},
      {"startedAt", text::to_rfc3339(recording.started_at)},
      {"completedAt", nullptr},
      {"recovered", recording.recovered},
      {"source", recording.source},
  };
  if (!facts.sha256.empty()) json["sha256"] = facts.sha256;
  if (recording.completed_at) json["completedAt"] = text::to_rfc3339(*recording.completed_at);
  if (!recording.failure.empty()) json["failure"] = recording.failure;
  if (recording.source != "gateway") {
    json["providerRecordingId"] = text::valid_utf8(recording.provider_recording_id);
    json["part"] = recording.part;
  }
  return json.dump();
}

}  // namespace trunkline::recording

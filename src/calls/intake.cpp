#include "intake.hpp"

#include <trunkline/base/crypto.hpp>
#include <trunkline/base/text.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace trunkline::calls {
namespace {

using store::SetStatement;
using Type = SetStatement::Type;

const SetStatement find_answers(
    "SELECT inbox.key, inbox.status, inbox.content_type, inbox.body, inbox.call_id "
    "FROM {rows} JOIN inbox ON inbox.key = rows.key",
    {{"key", Type::text}});

const SetStatement insert_answer = SetStatement::insert("inbox", {{"key", Type::text},
                                                                  {"call_id", Type::text},
                                                                  {"received_at", Type::integer},
                                                                  {"status", Type::integer},
                                                                  {"content_type", Type::text},
                                                                  {"body", Type::text}});

const SetStatement insert_token = SetStatement::insert("media_tokens", {{"token_sha256", Type::text},
                                                                        {"call_id", Type::text},
                                                                        {"provider_call_id", Type::text},
                                                                        {"expires_at", Type::integer},
                                                                        {"lasting", Type::integer}});

constexpr std::size_t max_entries = 64;
constexpr std::size_t max_name_bytes = 128;
constexpr std::size_t max_value_bytes = 4096;
constexpr std::size_t bytes_around_metadata = 64;  // of text: its name, and how much was dropped
constexpr std::chrono::minutes token_lifetime{5};
constexpr std::chrono::hours lasting_token_lifetime{24};

// Continuation bytes of UTF-8 are 10xxxxxx: a character is never cut in two.
std::string cut(std::string value, std::size_t limit) {
  if (value.size() <= limit) return value;
  while (limit > 0 && (static_cast<unsigned char>(value[limit]) & 0xC0) == 0x80) --limit;
  value.resize(limit);
  return value;
}

std::string to_text(const nlohmann::json& data) {
  return data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

struct KeptMetadata {
  nlohmann::json entries = nlohmann::json::object();
  std::size_t dropped = 0;
};

// As much as fits into `room` bytes of JSON text: with its escapes a value may be six times as long as it is.
KeptMetadata keep(const std::map<std::string, std::string>& metadata, std::size_t room) {
  KeptMetadata kept;
  for (const auto& [name, value] : metadata) {
    const nlohmann::json key = text::valid_utf8(name);
    nlohmann::json entry = cut(text::valid_utf8(value), max_value_bytes);
    const std::size_t bytes = to_text(key).size() + to_text(entry).size() + std::string_view(":,").size();
    if (kept.entries.size() == max_entries || name.size() > max_name_bytes || bytes > room) {
      ++kept.dropped;
      continue;
    }
    room -= bytes;
    kept.entries[key.get<std::string>()] = std::move(entry);
  }
  return kept;
}

std::string digest_of(const std::string& token) {
  return crypto::hex(crypto::sha256(token));
}

}  // namespace

store::SetQuery Answers::looking(const std::set<std::string>& keys) {
  store::SetQuery query{&find_answers, {}};
  for (const std::string& key : keys) query.rows.push_back({key});
  return query;
}

void Answers::take_found(const std::vector<store::Row>& rows) {
  for (const store::Row& row : rows) {
    known_.try_emplace(row.text(0),
                       StoredAnswer{static_cast<int>(row.integer(1)), row.text(2), row.text(3), row.text(4), true});
  }
}

const StoredAnswer* Answers::find(const std::string& key) const {
  const auto found = known_.find(key);
  return found == known_.end() ? nullptr : &found->second;
}

void Answers::keep(const std::string& key, const Call& call, StoredAnswer answer) {
  log_.add(insert_answer,
           {key, call.id, to_millis(log_.now()), std::int64_t{answer.status}, answer.content_type, answer.body});
  answer.call_id = call.id;
  answer.repeated = true;
  known_.emplace(key, std::move(answer));
}

std::size_t forget_answers(store::Sql& sql, WallTime before, std::size_t limit) {
  return static_cast<std::size_t>(sql.execute(
      "DELETE FROM inbox WHERE key IN (SELECT key FROM inbox WHERE received_at < $1 ORDER BY received_at LIMIT $2)",
      {to_millis(before), static_cast<std::int64_t>(limit)}));
}

std::string arrival_key(const std::string& provider, const std::string& provider_call_id) {
  return "arrival/" + provider + "/" + provider_call_id;
}

std::string received_data(const Arrival& arrival, const std::string& route) {
  nlohmann::json data = {{"provider", arrival.provider},
                         {"providerCallId", arrival.provider_call_id},
                         {"direction", to_string(arrival.direction)},
                         {"from", arrival.from},
                         {"to", arrival.to},
                         {"route", route}};
  if (!arrival.names.empty()) data["names"] = arrival.names;
  const std::size_t others = to_text(data).size() + bytes_around_metadata;
  KeptMetadata kept = keep(arrival.metadata, max_event_data_bytes - std::min(others, max_event_data_bytes));
  data["metadata"] = std::move(kept.entries);
  if (kept.dropped > 0) data["parametersDropped"] = kept.dropped;
  return to_text(data);
}

void issue_token(CallLog& log, const Call& call, const std::string& token, bool media_returns) {
  const WallTime end = media_returns ? log.now() + lasting_token_lifetime : log.now() + token_lifetime;
  log.add(insert_token,
          {digest_of(token), call.id, call.provider_call_id, to_millis(end), std::int64_t{media_returns}});
}

bool burn_token(CallLog& log, const MediaStart& start) {
  return log.sql().execute(
             "UPDATE media_tokens SET used_at = $4 WHERE token_sha256 = $1 AND call_id = $2 "
             "AND provider_call_id = $3 AND (used_at IS NULL OR lasting = 1) AND expires_at > $4",
             {digest_of(start.token), start.call_id, start.provider_call_id, to_millis(log.now())}) == 1;
}

bool is_token_of(store::Sql& sql, const std::string& call_id, const std::string& token, WallTime now) {
  return !sql.query(
                 "SELECT call_id FROM media_tokens WHERE token_sha256 = $1 AND call_id = $2 "
                 "AND (used_at IS NULL OR lasting = 1) AND expires_at > $3",
                 {digest_of(token), call_id, to_millis(now)})
              .empty();
}

std::size_t forget_tokens(store::Sql& sql, WallTime before, std::size_t limit) {
  return static_cast<std::size_t>(
      sql.execute("DELETE FROM media_tokens WHERE token_sha256 IN "
                  "(SELECT token_sha256 FROM media_tokens WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
                  {to_millis(before), static_cast<std::int64_t>(limit)}));
}

std::string recording_path(WallTime started, const std::string& recording_id, const std::string& format) {
  std::string day = text::to_rfc3339(started).substr(0, 10);  // 2026-11-20
  std::replace(day.begin(), day.end(), '-', '/');
  return day + "/" + recording_id + "." + format;
}

std::string open_recording(CallLog& log, const Call& call, const NewRecording& recording) {
  std::string path = recording_path(log.now(), recording.id, "wav");
  log.sql().post(
      "INSERT INTO call_recordings (id, call_id, state, path, started_at, channels, sample_rate, format, node, "
      "updated_at) VALUES ($1, $2, 'recording', $3, $4, 2, $6, 'wav', $5, $4)",
      {recording.id, call.id, path, to_millis(log.now()), recording.node, std::int64_t{recording.sample_rate}});
  return path;
}

}  // namespace trunkline::calls

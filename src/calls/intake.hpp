#pragma once

#include "call_log.hpp"

#include <trunkline/calls/call_service.hpp>

#include <map>
#include <set>
#include <string>

namespace trunkline::calls {

/// What was answered to the requests that one transaction is about.
class Answers {
 public:
  explicit Answers(CallLog& log) : log_(log) {}

  /// The question which of `keys` are answered, and what comes back.
  static store::SetQuery looking(const std::set<std::string>& keys);
  void take_found(const std::vector<store::Row>& rows);
  /// As it is given to a request that comes again; null when there is none.
  const StoredAnswer* find(const std::string& key) const;
  /// Stored with the transaction, if nobody else answers the same request until then.
  void keep(const std::string& key, const Call& call, StoredAnswer answer);

 private:
  CallLog& log_;
  std::map<std::string, StoredAnswer> known_;
};

/// Removes answers that were given before `before`, the oldest first; returns how many.
std::size_t forget_answers(store::Sql& sql, WallTime before, std::size_t limit);

/// Under which the answer to a call's arrival is kept besides the request's own key: the same call announced by another
/// request gets the same answer.
std::string arrival_key(const std::string& provider, const std::string& provider_call_id);

/// The data of a call_received event. At most 64 entries of metadata are kept, with names of up to 128 and values of up
/// to 4096 bytes (longer values are cut between characters), and of these no more than fit into an event's data;
/// `parametersDropped` says how many were not kept.
std::string received_data(const Arrival& arrival, const std::string& route);

/// A token for the call's media socket: good once and for five minutes, or, when the media may return, again and again
/// for a day. It is kept by its digest here, and as it is only in the answer that carries it.
void issue_token(CallLog& log, const Call& call, const std::string& token, bool media_returns);

/// False when the token is wrong, used, expired, or another call's. The lookup is by digest, so that its time says
/// nothing about the token.
[[nodiscard]] bool burn_token(CallLog& log, const MediaStart& start);

/// Whether burn_token() would be true.
bool is_token_of(store::Sql& sql, const std::string& call_id, const std::string& token, WallTime now);

/// Removes tokens that expired before `before`, the oldest first; returns how many.
std::size_t forget_tokens(store::Sql& sql, WallTime before, std::size_t limit);

/// Below the recordings folder: `YYYY/MM/DD/<id>.<format>`.
std::string recording_path(WallTime started, const std::string& recording_id, const std::string& format);

struct NewRecording {
  std::string id;
  std::string node;
  std::uint32_t sample_rate;
};
/// The row of a recording that starts now, in stereo. Returns its path.
std::string open_recording(CallLog& log, const Call& call, const NewRecording& recording);

}  // namespace trunkline::calls

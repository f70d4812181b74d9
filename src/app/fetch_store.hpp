#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/config/settings.hpp>
#include <trunkline/store/sql.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

// What RecordingFetcher has to do, as rows that one node at a time works on, for a time by the clock of the database.
namespace trunkline::app {

/// A file that a provider has for us, and the recording that it becomes.
struct FetchJob {
  std::string recording_id;
  std::string call_id;
  std::string provider;
  std::string location;
  std::string delete_location;  ///< empty: it stays there
  milliseconds duration{0};     ///< as the provider says; 0: it does not
  std::int64_t attempts = 0;
  std::string state;  ///< of the recording; other than `recording`: how it came out. Empty: it is there no more
  std::string path;   ///< below the recordings folder
  std::string format;
  std::string provider_recording_id;
  std::int64_t part = 0;
};

struct FetchClaim {
  std::string node;
  WallTime now;
  milliseconds time;  ///< then it is another node's turn
  std::size_t limit;
};
/// Jobs that are due and nobody's become the node's, and so do their recordings, which will lie with it; those that
/// have waited longest come first.
std::vector<FetchJob> claim_fetches(store::Sql& sql, const FetchClaim& claim);
/// Which jobs are the node's still; their time begins anew.
std::set<std::string> renew_fetches(store::Sql& sql, const std::string& node, milliseconds time);
/// Every job of the node is anybody's.
void let_go_of_fetches(store::Sql& sql, const std::string& node);

// Of a job that is the node's; else nothing happens.
void put_off_fetch(store::Sql& sql, const std::string& node, const FetchJob& job, WallTime next);
void end_fetch(store::Sql& sql, const std::string& node, const std::string& recording_id);

struct FetchBacklog {
  std::int64_t waiting = 0;  ///< all that are left
  bool due = false;          ///< and nobody's
};
FetchBacklog look_at_fetches(store::Sql& sql, WallTime now);

/// How long until the next attempt after `attempts` that failed, the last one with `error`; nothing: it is the last.
std::optional<milliseconds> next_fetch(const Error& error, std::int64_t attempts, const config::Recording& settings);

}  // namespace trunkline::app

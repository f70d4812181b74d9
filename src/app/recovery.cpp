#include "app/recovery.hpp"

#include <trunkline/observe/log.hpp>
#include <trunkline/recording/recorder.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace trunkline::app {
namespace {

using calls::EventType;
using nlohmann::json;

// False when the row could not be settled: it stays for the next start.
asio::awaitable<bool> finish_recording(recording::Recording recording, calls::CallService& calls,
                                       recording::Library& library, ThreadPool& pool) {
  // By reference: g++ 12 destroys a closure that owns something twice when it is made inside a co_await expression.
  const auto path = library.file_of(recording);
  const auto facts = co_await offload(pool, [&path] { return recording::repair(path); });
  if (facts) {
    if (!co_await library.complete(recording.id, *facts, true)) co_return false;
    calls.append_later(recording.call_id, EventType::recording_completed,
                       json{{"recordingId", recording.id},
                            {"durationMs", facts->duration_ms},
                            {"sizeBytes", facts->size_bytes},
                            {"sha256", facts->sha256},
                            {"recovered", true}}
                           .dump());
    log::info("recording recovered", {{"recordingId", recording.id}, {"durationMs", facts->duration_ms}});
  } else {
    if (!co_await library.fail(recording.id, facts.error().code)) co_return false;
    calls.append_later(recording.call_id, EventType::recording_failed,
                       json{{"recordingId", recording.id}, {"reason", facts.error().code}}.dump());
    log::warn("recording lost", {{"recordingId", recording.id}, {"reason", facts.error().message}});
  }
  co_return true;
}

// A batch at a time, until what is left belongs to this run.
asio::awaitable<void> finish_recordings(WallTime began, calls::CallService& calls, recording::Library& library,
                                        ThreadPool& pool) {
  for (;;) {
    auto unfinished = co_await library.unfinished();
    if (!unfinished) {
      log::error("unfinished recordings could not be read", {{"reason", unfinished.error().message}});
      co_return;
    }
    std::size_t settled = 0;
    for (auto& recording : *unfinished) {
      if (recording.started_at >= began) continue;
      if (!co_await finish_recording(std::move(recording), calls, library, pool)) co_return;
      ++settled;
    }
    if (settled == 0) co_return;
  }
}

}  // namespace

Result<> recover(calls::CallService& calls, recording::Library& library, store::Database& database, ThreadPool& pool,
                 net::Worker& worker, const Clock& clock) {
  auto cut_off =
      database.read_blocking<std::vector<std::string>>([](store::Sql& sql) -> Result<std::vector<std::string>> {
        std::vector<std::string> ids;
        for (const auto& row : sql.query("SELECT id FROM calls WHERE state = 'CONNECTED'")) ids.push_back(row.text(0));
        return ids;
      });
  if (!cut_off) return cut_off.error();
  for (const auto& id : *cut_off) {
    calls.append_later(id, EventType::call_reconnecting, json{{"reason", "node-restarted"}}.dump());
  }
  asio::co_spawn(worker.context(), finish_recordings(clock.wall(), calls, library, pool), asio::detached);
  return {};
}

}  // namespace trunkline::app

#include "app/recovery.hpp"

#include <trunkline/observe/log.hpp>
#include <trunkline/recording/recorder.hpp>
#include <trunkline/store/sql.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace trunkline::app {
namespace {

using calls::EventType;
constexpr milliseconds first_wait{20};
constexpr milliseconds longest_wait{2'000};
constexpr milliseconds marking_limit{10'000};

}  // namespace

// The event settles the recording's row, in one transaction: a crash in between leaves the row for the next start.
asio::awaitable<Result<>> Recovery::tell(const recording::Recording& recording,
                                         const Result<recording::FileFacts>& facts) const {
  const auto type = facts ? EventType::recording_completed : EventType::recording_failed;
  auto data = facts ? recording::completed_data(recording.id, *facts, true)
                    : recording::failed_data(recording.id, facts.error(), std::nullopt, true);
  const auto told = co_await calls.append(recording.call_id, type, std::move(data));
  if (!told) co_return told.error();
  if (told->version == 0) co_return Result<>{};  // it was settled meanwhile
  if (facts) {
    log::info("recording recovered", {{"recordingId", recording.id}, {"durationMs", facts->duration_ms}});
  } else {
    log::warn("recording lost", {{"recordingId", recording.id}, {"reason", facts.error().message}});
  }
  co_return Result<>{};
}

asio::awaitable<Result<>> Recovery::finish(const recording::Recording& recording) const {
  // By reference: g++ 12 destroys a closure that owns something twice when it is made inside a co_await expression.
  const auto path = library.file_of(recording);
  const auto facts = co_await offload(pool, [&path] { return recording::repair(path); });
  if (!facts && store::store_is_away(facts.error())) co_return facts.error();
  co_return co_await tell(recording, facts);
}

// Tries again while something is in the way that goes by. False when the row could not be settled: it stays for the
// next start.
asio::awaitable<bool> Recovery::finish_in_time(const recording::Recording& recording) const {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (auto wait = first_wait;; wait = std::min(wait * 2, longest_wait)) {
    const auto finished = co_await finish(recording);
    if (finished) co_return true;
    if (!store::store_is_away(finished.error())) {
      log::error("a recording could not be settled",
                 {{"recordingId", recording.id}, {"reason", finished.error().message}});
      co_return false;
    }
    timer.expires_after(wait);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

// A batch at a time, until what is left is newer.
asio::awaitable<void> Recovery::finish_recordings(std::string node, WallTime began) const {
  for (;;) {
    const auto unfinished = co_await library.unfinished(node);
    if (!unfinished) {
      log::error("unfinished recordings could not be read", {{"reason", unfinished.error().message}});
      co_return;
    }
    std::size_t settled = 0;
    for (const auto& recording : *unfinished) {
      if (recording.started_at >= began) continue;
      if (co_await finish_in_time(recording)) ++settled;
    }
    if (settled == 0) co_return;
  }
}

// Before a stream begins here: it would be taken for one of those.
asio::awaitable<Result<>> Recovery::lose_streams_in_time(std::string node) const {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  const auto give_up = clock.mono() + marking_limit;
  for (auto wait = first_wait;; wait = std::min(wait * 2, longest_wait)) {
    const auto lost = co_await calls.lose_streams_of(node, "node-restarted");
    if (lost) co_return Result<>{};
    if (!store::store_is_away(lost.error()) || clock.mono() >= give_up) co_return lost.error();
    timer.expires_after(wait);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

Result<> Recovery::begin(const std::string& node, net::Worker& worker) const {
  asio::io_context loop{1};  // the workers do not turn yet
  auto marking = asio::co_spawn(loop, lose_streams_in_time(node), asio::use_future);
  loop.run();
  if (auto marked = marking.get(); !marked) return marked;
  asio::co_spawn(worker.context(), finish_recordings(node, clock.wall()), asio::detached);
  return {};
}

}  // namespace trunkline::app

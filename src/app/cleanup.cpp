#include "app/cleanup.hpp"

#include <trunkline/observe/log.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>
#include <vector>

namespace trunkline::app {
namespace {

using std::chrono::hours;

// How long after its end a call may still hear of its media.
constexpr hours settling_time{1};
constexpr hours gone_nodes_kept{7 * 24};
constexpr hours leases_kept{24};
// Each with some dozens of rows, in one transaction.
constexpr std::size_t max_calls_a_batch = 25;

using Removals = std::array<std::size_t, 3>;  // how many calls came to each Removal

hours days(std::size_t count) {
  return hours(24 * static_cast<std::int64_t>(count));
}

// Nothing at all where recordings should be is a disk that is not there, and no proof that a file has gone.
bool holds_something(const std::filesystem::path& folder) {
  std::error_code failed;
  const bool empty = std::filesystem::is_empty(folder, failed);
  return !failed && !empty;
}

Result<> remove_file(const recording::Library& library, const recording::Recording& recording) {
  std::error_code failed;
  const bool removed = std::filesystem::remove(library.file_of(recording), failed);
  if (failed) return make_error("file_not_removed", failed.message());
  const bool was_there = removed || recording.facts.size_bytes == 0;
  if (!was_there && !holds_something(library.folder())) {
    return make_error("recordings_missing", "the recordings folder is missing or empty");
  }
  return {};
}

// The ids of those whose files are not there any more.
Result<std::vector<std::string>> remove_files(const recording::Library& library,
                                              const std::vector<recording::Recording>& recordings) {
  std::vector<std::string> gone;
  for (const auto& recording : recordings) {
    const auto removed = remove_file(library, recording);
    if (removed) {
      gone.push_back(recording.id);
    } else {
      log::warn("an old recording could not be removed",
                {{"recordingId", recording.id}, {"reason", removed.error().message}});
    }
  }
  return gone;
}

}  // namespace

// The order is that in which one leaves something to do for the next.
std::span<const Cleanup::Job> Cleanup::jobs() {
  static constexpr Job table[] = {
      {"requests", By::leader, &Cleanup::forget_requests},
      {"answers", By::leader, &Cleanup::forget_answers},
      {"participants", By::leader, &Cleanup::let_participants_leave},
      {"quality", By::leader, &Cleanup::remove_quality},
      {"tokens", By::leader, &Cleanup::remove_tokens},
      {"orphans", By::leader, &Cleanup::give_up_orphans},
      {"recordings", By::everyone, &Cleanup::remove_recordings},
      {"calls", By::leader, &Cleanup::remove_calls},
      {"nodes", By::leader, &Cleanup::remove_nodes},
      {"leases", By::leader, &Cleanup::remove_leases},
  };
  return table;
}

asio::awaitable<void> Cleanup::run(bool leads) {
  for (const Job& job : jobs()) {
    if (leads || job.by == By::everyone) co_await run_job(job);
  }
}

asio::awaitable<void> Cleanup::run_job(const Job& job) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  const MonoTime began = parts_.clock.mono();
  std::size_t rows = 0;
  std::string_view result = "ok";
  for (bool more = true; more;) {
    const auto batch = co_await (this->*job.batch)();
    if (!batch) {
      log::warn("a cleanup job failed", {{"job", job.name}, {"reason", batch.error().message}});
      result = "failed";
      break;
    }
    rows += batch->rows;
    more = batch->more;
    if (!more) break;
    timer.expires_after(parts_.pause);
    co_await timer.async_wait(asio::use_awaitable);
  }
  parts_.metrics.cleanup_runs(job.name, result).add();
  parts_.metrics.cleanup_rows(job.name).add(static_cast<double>(rows));
  parts_.metrics.cleanup_duration(job.name).observe(parts_.clock.mono() - began);
  if (rows > 0) log::info("cleaned up", {{"job", job.name}, {"rows", rows}});
}

asio::awaitable<Result<Cleanup::Batch>> Cleanup::in_store(Statement statement, WallTime time) {
  auto work = [&](store::Sql& sql) -> Result<std::size_t> { return statement(sql, time, parts_.batch); };
  const auto rows = co_await parts_.database.write<std::size_t>(work);
  if (!rows) co_return rows.error();
  co_return Batch{*rows, *rows == parts_.batch};
}

asio::awaitable<Result<Cleanup::Batch>> Cleanup::forget_requests() {
  const WallTime before = ago(parts_.settings.calls.inbox_retention);
  const auto forgotten = co_await parts_.calls.forget_requests(before, parts_.batch);
  if (!forgotten) co_return forgotten.error();
  co_return Batch{*forgotten, *forgotten >= parts_.batch};
}

asio::awaitable<Result<Cleanup::Batch>> Cleanup::forget_answers() {
  const auto forgotten = co_await parts_.idempotent.forget(parts_.batch);
  if (!forgotten) co_return forgotten.error();
  co_return Batch{*forgotten, *forgotten >= parts_.batch};
}

asio::awaitable<Result<Cleanup::Batch>> Cleanup::let_participants_leave() {
  co_return co_await in_store(app::let_participants_leave, parts_.clock.wall());
}

asio::awaitable<Result<Cleanup::Batch>> Cleanup::remove_quality() {
  const std::size_t kept = parts_.settings.cleanup.quality_days;
  if (kept == 0) co_return Batch{};
  co_return co_await in_store(app::remove_quality, ago(days(kept)));
}

asio::awaitable<Result<Cleanup::Batch>> Cleanup::remove_tokens() {
  co_return co_await in_store(app::remove_tokens, ago(settling_time));
}

// By an event, as every end of a recording. Should the node come back, it may say better.
asio::awaitable<Result<Cleanup::Batch>> Cleanup::give_up_orphans() {
  auto look = [&](store::Sql& sql) -> Result<std::vector<Orphan>> {
    return find_orphans(sql, ago(settling_time), parts_.batch);
  };
  const auto orphans = co_await parts_.database.read<std::vector<Orphan>>(look);
  if (!orphans) co_return orphans.error();
  std::size_t given_up = 0;
  for (const Orphan& orphan : *orphans) {
    const Error reason = make_error("orphaned", "the node that wrote it is gone");
    auto data = recording::failed_data(orphan.recording_id, reason);
    const auto told = co_await parts_.calls.append(orphan.call_id, calls::EventType::recording_failed, std::move(data));
    if (!told) co_return told.error();
    log::warn("a recording was given up", {{"recordingId", orphan.recording_id}, {"node", orphan.node}});
    ++given_up;
  }
  co_return Batch{given_up, given_up == parts_.batch};
}

// The file first: a row says that there may be one. Where nodes have a folder each, each removes its own.
asio::awaitable<Result<Cleanup::Batch>> Cleanup::remove_recordings() {
  const std::size_t kept = parts_.settings.cleanup.recording_days;
  if (kept == 0) co_return Batch{};
  const std::string of = parts_.settings.recording.shared ? std::string() : parts_.node;
  const auto old = co_await parts_.library.finished_before(ago(days(kept)), of, parts_.batch);
  if (!old) co_return old.error();
  if (old->empty()) co_return Batch{};
  auto remove = [&] { return remove_files(parts_.library, *old); };
  const auto gone = co_await offload(parts_.files, remove);
  if (!gone) co_return gone.error();
  const auto forgotten = co_await parts_.library.forget(*gone);
  if (!forgotten) co_return forgotten.error();
  if (gone->size() < old->size()) co_return make_error("files_failed", "some files could not be removed");
  co_return Batch{gone->size(), gone->size() == parts_.batch};
}

// Goes through all that are old enough, also those that have to stay, and begins again at the end.
asio::awaitable<Result<Cleanup::Batch>> Cleanup::remove_calls() {
  const std::size_t kept = parts_.settings.cleanup.call_days;
  if (kept == 0) co_return Batch{};
  const std::size_t limit = std::min(parts_.batch, max_calls_a_batch);
  auto look = [&](store::Sql& sql) -> Result<std::vector<EndedCall>> {
    return find_ended(sql, looked_at_, ago(days(kept)), limit);
  };
  auto ended = co_await parts_.database.read<std::vector<EndedCall>>(look);
  if (!ended) co_return ended.error();
  const bool more = ended->size() == limit;
  const EndedCall reached = more ? ended->back() : EndedCall{};
  std::ranges::sort(*ended, {}, &EndedCall::id);  // the order of locking
  const Patience patience = patience_with_receivers();
  auto remove = [&](store::Sql& sql) -> Result<Removals> {
    Removals done{};
    for (const EndedCall& call : *ended) ++done[static_cast<std::size_t>(remove_call(sql, call, patience))];
    return done;
  };
  const auto removals = co_await parts_.database.write<Removals>(remove);
  if (!removals) co_return removals.error();
  looked_at_ = reached;
  const std::size_t given_up = (*removals)[static_cast<std::size_t>(Removal::given_up)];
  given_up_ += given_up;
  if (!more && given_up_ > 0) {
    log::warn("calls were removed that webhook endpoints or Event Grid had not been told of",
              {{"calls", std::exchange(given_up_, 0)}});
  }
  co_return Batch{(*removals)[static_cast<std::size_t>(Removal::removed)] + given_up, more};
}

// As long again as a delivery is kept: by then a receiver that comes back could not have had it either.
Patience Cleanup::patience_with_receivers() const {
  const auto& settings = parts_.settings;
  const hours kept = days(settings.webhooks.retention_days);
  return {ago(days(settings.cleanup.call_days) + kept), ago(kept), !settings.event_grid.endpoint.empty()};
}

asio::awaitable<Result<Cleanup::Batch>> Cleanup::remove_nodes() {
  co_return co_await in_store(app::remove_nodes, ago(gone_nodes_kept));
}

asio::awaitable<Result<Cleanup::Batch>> Cleanup::remove_leases() {
  co_return co_await in_store(app::remove_leases, ago(leases_kept));
}

}  // namespace trunkline::app

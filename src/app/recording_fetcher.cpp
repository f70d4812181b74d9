#include "app/recording_fetcher.hpp"

#include <trunkline/base/offload.hpp>
#include <trunkline/observe/log.hpp>
#include <trunkline/recording/incoming_file.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace trunkline::app {
namespace {

using calls::EventType;
using store::Sql;

constexpr std::size_t at_once = 4;
constexpr milliseconds look_interval{1'000};  // finds what other nodes were told of, and what is due again
constexpr milliseconds claim_time{30'000};
constexpr milliseconds renew_interval{8'000};
constexpr milliseconds pause_after_error{5'000};

// The words of an event about a recording, and where it comes from.
std::string with_origin(const std::string& data, const FetchJob& job) {
  auto object = nlohmann::json::parse(data);
  object["source"] = job.provider;
  object["providerRecordingId"] = job.provider_recording_id;
  object["part"] = job.part;
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

struct RecordingFetcher::Running {
  FetchJob job;
  bool lost = false;  // it is another node's now
};

RecordingFetcher::RecordingFetcher(Parts parts) : parts_(std::move(parts)), wakeup_(parts_.worker.context()) {}

RecordingFetcher::~RecordingFetcher() = default;

void RecordingFetcher::start() {
  ++alive_;
  asio::co_spawn(parts_.worker.context(), [this] { return look_forever(); }, asio::detached);
}

void RecordingFetcher::stop() {
  stopping_ = true;
  wakeup_.wake();
}

void RecordingFetcher::on_committed(const calls::Event& event, const calls::Call& /*call*/,
                                    std::optional<calls::State> /*previous*/) {
  if (event.type == EventType::recording_started && alive_ > 0) wakeup_.wake();
}

asio::awaitable<void> RecordingFetcher::look_forever() {
  bool begun = false;
  while (!stopping_) {
    wakeup_.take();
    if (!begun) begun = co_await take_back();
    if (begun) co_await look();
    if (!stopping_) co_await wakeup_.rest(look_interval);
  }
  --alive_;
}

// Whatever this node had claimed, it has died since.
asio::awaitable<bool> RecordingFetcher::take_back() {
  auto sweep = [this]() -> Result<std::size_t> {
    return recording::remove_incoming(parts_.library.folder(), parts_.node);
  };
  const auto swept = co_await offload(parts_.files, sweep);
  if (swept && *swept > 0) log::info("unfinished files of recordings removed", {{"files", *swept}});
  auto work = [this](Sql& sql) -> Result<bool> {
    let_go_of_fetches(sql, parts_.node);
    return true;
  };
  const auto let_go = co_await parts_.database.write<bool>(work);
  co_return let_go.has_value();
}

asio::awaitable<void> RecordingFetcher::look() {
  if (!running_.empty() && parts_.clock.mono() >= renew_at_) co_await renew();
  const WallTime now = parts_.clock.wall();
  auto read = [now](Sql& sql) -> Result<FetchBacklog> { return look_at_fetches(sql, now); };
  const auto backlog = co_await parts_.database.read<FetchBacklog>(read);
  if (!backlog) co_return;  // the store's own check tells of it
  parts_.metrics.recording_fetches_waiting().set(static_cast<double>(backlog->waiting));
  const std::size_t room = at_once - std::min(at_once, running_.size());
  if (!backlog->due || room == 0 || stopping_) co_return;
  const FetchClaim claim{parts_.node, now, claim_time, room};
  auto take = [&claim](Sql& sql) -> Result<std::vector<FetchJob>> { return claim_fetches(sql, claim); };
  auto jobs = co_await parts_.database.write<std::vector<FetchJob>>(take);
  if (!jobs) co_return;
  if (running_.empty()) renew_at_ = parts_.clock.mono() + renew_interval;
  for (FetchJob& job : *jobs) {
    auto one = std::make_shared<Running>(Running{std::move(job), false});
    if (!running_.emplace(one->job.recording_id, one).second) continue;  // it was slow, and is at it still
    ++alive_;
    asio::co_spawn(parts_.worker.context(), [this, one] { return work(one); }, asio::detached);
  }
}

asio::awaitable<void> RecordingFetcher::renew() {
  auto claim = [this](Sql& sql) -> Result<std::set<std::string>> {
    return renew_fetches(sql, parts_.node, claim_time);
  };
  const auto ours = co_await parts_.database.write<std::set<std::string>>(claim);
  if (!ours) co_return;  // asked again with the next look
  renew_at_ = parts_.clock.mono() + renew_interval;
  for (const auto& [id, one] : running_) one->lost = one->lost || !ours->contains(id);
}

asio::awaitable<void> RecordingFetcher::work(std::shared_ptr<Running> one) {
  co_await carry_out(*one);
  running_.erase(one->job.recording_id);
  --alive_;
  wakeup_.wake_now();
}

// A job whose recording is settled was done but for its end when a node died.
asio::awaitable<void> RecordingFetcher::carry_out(Running& one) {
  if (one.job.state == "recording") {
    const bool brought = co_await bring(one);
    if (!brought) co_return;
  }
  const bool wanted = one.job.state != "failed" && !one.job.delete_location.empty();
  if (wanted) {
    co_await remove_there(one);
  } else {
    co_await end(one.job);
  }
}

asio::awaitable<bool> RecordingFetcher::bring(Running& one) {
  const auto facts = co_await fetch(one);
  if (one.lost) {
    log::warn("another node has taken over a recording", {{"recordingId", one.job.recording_id}});
    co_return false;
  }
  if (!facts) {
    const Error error = facts.error();
    co_await failed(one, error);
    co_return false;
  }
  const bool told = co_await completed(one.job, *facts);
  if (told) {
    one.job.state = "completed";
    one.job.attempts = 0;
  }
  co_return told;
}

asio::awaitable<Result<recording::FileFacts>> RecordingFetcher::fetch(const Running& one) {
  const FetchJob& job = one.job;
  recording::FileSource* source = source_of(job);
  if (source == nullptr) co_return make_error("provider_not_configured", "there is no provider " + job.provider);
  recording::IncomingFile file(recording::incoming_path(parts_.library.folder(), job.recording_id, parts_.node));
  const recording::FileSource::Take take = [this, &file, &one](std::uint64_t /*offset*/,
                                                               std::string bytes) -> asio::awaitable<Result<>> {
    if (stopping_ || one.lost) co_return make_error("fetch_ended", "the fetch was ended here");
    parts_.metrics.recording_fetch_bytes().add(static_cast<double>(bytes.size()));
    auto append = [&file, &bytes] { return file.append(bytes); };
    co_return co_await offload(parts_.files, append);
  };
  const auto bytes = co_await source->download(job.location, take);
  if (!bytes) co_return bytes.error();
  auto keep = [this, &file, &job] { return file.keep_as(parts_.library.file_at(job.path), job.format); };
  auto facts = co_await offload(parts_.files, keep);
  if (facts && facts->duration_ms == 0) facts->duration_ms = job.duration.count();
  co_return facts;
}

asio::awaitable<bool> RecordingFetcher::completed(const FetchJob& job, const recording::FileFacts& facts) {
  const std::string data = with_origin(recording::completed_data(job.recording_id, facts, false), job);
  const bool told = co_await tell(job, EventType::recording_completed, data);
  if (!told) co_return false;
  parts_.metrics.recording_fetches("fetched").add();
  log::info("recording fetched", {{"recordingId", job.recording_id},
                                  {"callId", job.call_id},
                                  {"sizeBytes", facts.size_bytes},
                                  {"durationMs", facts.duration_ms}});
  co_return true;
}

asio::awaitable<void> RecordingFetcher::failed(Running& one, const Error& error) {
  FetchJob& job = one.job;
  if (stopping_) {
    co_await put_off(job, milliseconds{0});
    co_return;
  }
  ++job.attempts;
  const auto wait = next_fetch(error, job.attempts, parts_.settings);
  log::warn(wait ? "a recording could not be fetched yet" : "a recording was not fetched",
            {{"recordingId", job.recording_id},
             {"callId", job.call_id},
             {"attempts", job.attempts},
             {"code", error.code},
             {"reason", error.message}});
  if (wait) {
    parts_.metrics.recording_fetches("retried").add();
    co_await put_off(job, *wait);
    co_return;
  }
  const std::string data = with_origin(recording::failed_data(job.recording_id, error), job);
  const bool told = co_await tell(job, EventType::recording_failed, data);
  if (!told) co_return;
  parts_.metrics.recording_fetches("failed").add();
  co_await end(job);
}

asio::awaitable<void> RecordingFetcher::remove_there(Running& one) {
  FetchJob& job = one.job;
  recording::FileSource* source = source_of(job);
  Result<> removed = make_error("provider_not_configured", "there is no provider " + job.provider);
  if (source != nullptr) removed = co_await source->remove(job.delete_location);
  if (removed) {
    parts_.metrics.recording_fetches("removed").add();
    co_await end(job);
    co_return;
  }
  ++job.attempts;
  const Error error = removed.error();
  const auto wait = next_fetch(error, job.attempts, parts_.settings);
  log::warn(wait ? "a fetched recording is still at the provider" : "a fetched recording stays at the provider",
            {{"recordingId", job.recording_id}, {"code", error.code}, {"reason", error.message}});
  parts_.metrics.recording_fetches(wait ? "removal_retried" : "not_removed").add();
  if (wait) {
    co_await put_off(job, *wait);
  } else {
    co_await end(job);
  }
}

// The event settles the recording's row, in one transaction. False when the store did not take it: the job is done
// again, or what is left of it.
asio::awaitable<bool> RecordingFetcher::tell(const FetchJob& job, EventType type, std::string data) {
  const auto told = co_await parts_.calls.append(job.call_id, type, std::move(data));
  if (told || told.error().code == "call_not_found") co_return true;
  log::warn("a fetched recording waits for the store",
            {{"recordingId", job.recording_id}, {"reason", told.error().message}});
  co_await put_off(job, pause_after_error);
  co_return false;
}

// Where the store is away the claim runs out by itself.
asio::awaitable<void> RecordingFetcher::put_off(const FetchJob& job, milliseconds wait) {
  const WallTime next = parts_.clock.wall() + wait;
  auto work = [this, &job, next](Sql& sql) -> Result<bool> {
    put_off_fetch(sql, parts_.node, job, next);
    return true;
  };
  co_await parts_.database.write<bool>(work);
}

asio::awaitable<void> RecordingFetcher::end(const FetchJob& job) {
  auto work = [this, &job](Sql& sql) -> Result<bool> {
    end_fetch(sql, parts_.node, job.recording_id);
    return true;
  };
  co_await parts_.database.write<bool>(work);
}

recording::FileSource* RecordingFetcher::source_of(const FetchJob& job) const {
  const auto found = std::ranges::find_if(
      parts_.sources, [&](const recording::FileSource* source) { return source->provider() == job.provider; });
  return found == parts_.sources.end() ? nullptr : *found;
}

}  // namespace trunkline::app

#include "events/event_grid_batch.hpp"
#include "events/event_grid_place.hpp"

#include <trunkline/events/event_grid.hpp>
#include <trunkline/net/client.hpp>
#include <trunkline/observe/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <utility>

namespace trunkline::events {
namespace {

using store::Sql;

constexpr std::size_t page_size = 100;
constexpr milliseconds timeout{15'000};
constexpr milliseconds claim_time{30'000};
constexpr milliseconds renew_early{16'000};  // a request under way ends before the claim does
constexpr milliseconds idle_check{1'000};    // finds what other nodes wrote
constexpr milliseconds at_once{0};
constexpr std::size_t max_answer = 64 * 1024;

}  // namespace

EventGridPublisher::EventGridPublisher(Parts parts)
    : parts_(std::move(parts)),
      url_(grid::publish_url(parts_.settings)),
      topic_(grid::topic_of(parts_.settings)),
      wakeup_(parts_.worker.context()),
      most_(page_size) {}

EventGridPublisher::~EventGridPublisher() = default;

void EventGridPublisher::start() {
  idle_ = false;
  asio::co_spawn(parts_.worker.context(), [this] { return run(); }, asio::detached);
}

void EventGridPublisher::stop() {
  stopping_ = true;
  wake();
}

asio::awaitable<void> EventGridPublisher::run() {
  while (!stopping_) {
    wakeup_.take();
    const milliseconds rest = co_await turn();
    const MonoTime until = parts_.clock.mono() + rest;
    for (auto left = rest; left.count() > 0 && !stopping_;) {
      co_await wakeup_.rest(left);
      if (failures_ == 0) break;
      wakeup_.take();  // while Event Grid is away nothing is gained by hurrying
      left = std::chrono::ceil<milliseconds>(until - parts_.clock.mono());
    }
  }
  co_await release();
  idle_ = true;
}

// How long to rest afterwards, if nothing happens.
asio::awaitable<milliseconds> EventGridPublisher::turn() {
  auto mine = co_await claim();
  Result<milliseconds> done = idle_check;
  if (mine && *mine) done = co_await publish();
  if (!mine) done = mine.error();
  if (done) co_return *done;
  log::warn("Event Grid waits for the store", {{"reason", done.error().message}});
  claimed_until_ = {};  // and the place is read again: nobody knows whether it moved
  co_return idle_check;
}

asio::awaitable<Result<bool>> EventGridPublisher::claim() {
  const MonoTime now = parts_.clock.mono();
  if (now < claimed_until_ - renew_early) co_return true;
  auto work = [this](Sql& sql) -> Result<std::optional<std::int64_t>> {
    return grid::claim(sql, parts_.node_id, claim_time);
  };
  const auto place = co_await parts_.database.write<std::optional<std::int64_t>>(work);
  if (!place) co_return place.error();
  if (*place) {
    place_ = **place;
    claimed_until_ = now + claim_time;
  }
  co_return place->has_value();
}

asio::awaitable<void> EventGridPublisher::release() {
  auto work = [this](Sql& sql) -> Result<bool> {
    grid::release(sql, parts_.node_id);
    return true;
  };
  const auto released = co_await parts_.database.write<bool>(work);
  if (!released) log::warn("Event Grid stays claimed for a while", {{"reason", released.error().message}});
}

asio::awaitable<Result<milliseconds>> EventGridPublisher::publish() {
  const auto events = co_await parts_.calls.events_after(place_, page_size);
  if (!events) co_return events.error();
  if (events->empty()) co_return idle_check;
  const grid::Batch batch = grid::make_batch(*events, most_, topic_);
  int status = 200;
  if (batch.events > 0) status = co_await post(batch.body);
  const grid::Next next = grid::judge(status, batch.events);
  const auto count = static_cast<double>(batch.events);
  if (next == grid::Next::smaller) {
    most_ = batch.events / 2;
    co_return at_once;
  }
  if (next == grid::Next::wait) {
    ++failures_;
    parts_.metrics.event_grid_events("failed").add(count);
    if (failures_ == 1) log::warn("Event Grid does not take events", {{"status", status}});
    co_return grid::back_off(failures_);
  }
  if (next == grid::Next::skip) {
    log::warn("Event Grid refuses an event; it is left out", {{"seq", batch.last_seq}, {"status", status}});
  }
  if (std::exchange(failures_, 0) > 0) log::info("Event Grid takes events again");
  parts_.metrics.event_grid_events(next == grid::Next::skip ? "refused" : "published").add(count);
  most_ = page_size;
  const auto moved = co_await move_to(batch.last_seq);
  if (!moved) co_return moved.error();
  co_return at_once;
}

// The status of the answer, 0 when there was none.
asio::awaitable<int> EventGridPublisher::post(std::string body) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = url_;
  request.headers = {{"Content-Type", "application/json"}, {"aeg-sas-key", parts_.settings.access_key}};
  request.body = std::move(body);
  request.timeout = timeout;
  request.max_body_bytes = max_answer;
  request.body_matters = false;
  const auto response = co_await net::fetch(std::move(request));
  if (!response) {
    log::debug("Event Grid gave no answer", {{"reason", response.error().message}});
    co_return 0;
  }
  co_return response->status;
}

asio::awaitable<Result<>> EventGridPublisher::move_to(std::int64_t seq) {
  auto work = [this, seq](Sql& sql) -> Result<bool> { return grid::move(sql, parts_.node_id, place_, seq); };
  const auto moved = co_await parts_.database.write<bool>(work);
  if (!moved) co_return moved.error();
  if (!*moved) {  // another node has it
    claimed_until_ = {};
    co_return Result<>();
  }
  place_ = seq;
  co_return Result<>();
}

}  // namespace trunkline::events

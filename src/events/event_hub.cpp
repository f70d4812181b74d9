#include "events/event_socket.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/events/event_hub.hpp>
#include <trunkline/observe/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace trunkline::events {
namespace {

constexpr std::size_t batch_size = 256;
constexpr milliseconds idle_check{2'000};  // commits wake the relay; this only catches what another process wrote
constexpr milliseconds pause_after_batch{5};
const std::string channel = "events";
constexpr milliseconds pause_after_error{500};

bool fits(std::string_view type, std::string_view asked) {
  return asked.ends_with(".*") ? type.starts_with(asked.substr(0, asked.size() - 1)) : type == asked;
}

}  // namespace

bool is_type(std::string_view asked) {
  const auto is_asked = [&](std::string_view type) { return fits(type, asked); };
  return is_asked(interim_transcript) || std::ranges::any_of(calls::event_type_names(), is_asked);
}

bool Subscription::wants(const std::string& of_call, const std::string& type) const {
  if (!call_id.empty() && of_call != call_id) return false;
  return types.empty() || std::ranges::any_of(types, [&](const std::string& asked) { return fits(type, asked); });
}

EventHub::EventHub(calls::CallService& calls, store::LiveStore& live, net::Worker& worker)
    : calls_(calls), live_(live), worker_(worker), wakeup_(worker.context()) {}

EventHub::~EventHub() = default;

void EventHub::start() {
  others_ = live_.subscribe(channel, [this](std::string_view message) { hear(message); }, [this] { wakeup_.wake(); });
  asio::co_spawn(worker_.context(), [this] { return relay(); }, asio::detached);
}

void EventHub::on_committed(const calls::Event& /*event*/, const calls::Call& /*call*/,
                            std::optional<calls::State> /*previous*/) {
  wakeup_.wake();
}

// The log goes that far by another node's word. What was told here already was our own word.
void EventHub::hear(std::string_view message) {
  const auto seq = text::to_uint(message);
  if (seq && told_ && static_cast<std::int64_t>(*seq) > *told_) wakeup_.wake();
}

asio::awaitable<void> EventHub::announce(std::int64_t seq) {
  const auto heard = co_await live_.publish(channel, std::to_string(seq));
  if (!heard) log::debug("the other nodes were not told of new events", {{"reason", heard.error().message}});
}

asio::awaitable<void> EventHub::relay() {
  for (;;) {
    wakeup_.take();
    const auto more = co_await relay_batch();
    if (!more) {
      log::warn("events wait in the outbox", {{"reason", more.error().message}});
      co_await pause(pause_after_error);
    } else if (*more || wakeup_.woken()) {
      co_await pause(pause_after_batch);  // what comes in it shares the next turn
    } else {
      co_await wakeup_.rest(idle_check);
    }
  }
}

// True when more may wait.
asio::awaitable<Result<bool>> EventHub::relay_batch() {
  auto end = co_await calls_.log_end();
  if (!end) co_return end.error();
  if (!told_) told_ = end->seq;
  const bool numbered = end->more;
  if (numbered) end = co_await calls_.number_events();
  if (!end) co_return end.error();
  if (end->seq > *told_) {
    for (const auto& listener : listeners_) listener();
  }
  const auto told = co_await tell_up_to(end->seq);
  if (!told) co_return told.error();
  if (numbered) asio::co_spawn(worker_.context(), announce(end->seq), asio::detached);
  co_return end->more;
}

asio::awaitable<Result<>> EventHub::tell_up_to(std::int64_t seq) {
  while (*told_ < seq) {
    if (!has_listeners()) {  // who comes now reads the log
      told_ = seq;
      break;
    }
    const auto events = co_await calls_.events_after(*told_, batch_size);
    if (!events) co_return events.error();
    if (events->empty()) co_return make_error("store_failed", "the log ends before its end");
    auto batch = std::make_shared<std::vector<Published>>();
    for (const auto& event : *events) batch->push_back(published(event));
    told_ = events->back().seq;
    broadcast(std::move(batch));
  }
  co_return Result<>{};
}

bool EventHub::has_listeners() {
  const std::lock_guard lock(mutex_);
  return !sockets_.empty();
}

bool EventHub::wanted(const std::string& call_id, const std::string& type) {
  const std::lock_guard lock(mutex_);
  return std::any_of(sockets_.begin(), sockets_.end(),
                     [&](const auto& socket) { return socket->subscription().wants(call_id, type); });
}

void EventHub::publish_live(const std::string& call_id, const std::string& type, WallTime at, const std::string& data) {
  auto batch = std::make_shared<std::vector<Published>>();
  batch->push_back({0, call_id, type,
                    nlohmann::ordered_json{{"callId", call_id},
                                           {"type", type},
                                           {"at", text::to_rfc3339(at)},
                                           {"data", nlohmann::ordered_json::parse(data)}}
                        .dump()});
  broadcast(std::move(batch));
}

void EventHub::broadcast(Batch batch) {
  const std::lock_guard lock(mutex_);
  for (const auto& socket : sockets_) socket->post(batch);
}

std::shared_ptr<net::WebSocketHandler> EventHub::subscriber(Subscription subscription) {
  return std::make_shared<Socket>(*this, std::move(subscription));
}

}  // namespace trunkline::events

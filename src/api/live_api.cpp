// What is followed while it happens: the event stream, also read page by page, and the audio of a running call.

#include "api/endpoints.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/media/listener_sink.hpp>
#include <trunkline/net/worker.hpp>

#include <boost/asio/post.hpp>

#include <memory>
#include <utility>

namespace trunkline::api {
namespace {

using auth::Permission;

constexpr std::int64_t most_listed = 500;
constexpr std::size_t most_looked_at = 1'000;

events::Subscription read_subscription(QueryReader& query) {
  events::Subscription subscription;
  subscription.after = query.integer("after", 0, INT64_MAX);
  subscription.call_id = query.text("callId");
  const std::string types = query.text("types", 1'024);
  if (!types.empty()) {
    for (const auto type : text::split(types, ',')) subscription.types.emplace_back(text::trim(type));
  }
  for (const auto& type : subscription.types) {
    if (!events::is_type(type)) query.reject("types", "there are no events of the type '" + type + "'");
  }
  return subscription;
}

asio::awaitable<net::Upgrade> follow_events(const Services& services, Exchange& exchange) {
  QueryReader query(exchange.query);
  events::Subscription subscription = read_subscription(query);
  if (!query.errors().empty()) co_return net::Upgrade{nullptr, exchange.invalid(query.errors())};
  co_return net::Upgrade{services.events.subscriber(std::move(subscription)), {}};
}

/// A page of the log. Of events that a filter leaves out so many are looked at that one request stays cheap; the cursor
/// moves on over them.
asio::awaitable<net::Response> list_events(const Services& services, Exchange& exchange) {
  QueryReader query(exchange.query);
  const events::Subscription wanted = read_subscription(query);
  const auto limit = static_cast<std::size_t>(query.integer("limit", 1, most_listed).value_or(100));
  if (!query.errors().empty()) co_return exchange.invalid(query.errors());

  const auto complete = co_await services.calls.complete_log();
  if (!complete) co_return exchange.fail(complete.error());
  std::int64_t cursor = wanted.after.value_or(0);
  const std::size_t looked_at =
      wanted.types.empty() ? limit + 1 : most_looked_at;  // the last only says that there is more
  Result<std::vector<calls::Event>> found;
  if (wanted.call_id.empty()) {
    found = co_await services.calls.events_after(cursor, looked_at);
  } else {
    found = co_await services.calls.events_of_after(wanted.call_id, cursor, looked_at);
  }
  if (!found) co_return exchange.fail(found.error());

  bool more = found->size() == looked_at;
  if (more) found->pop_back();
  std::string body = "{\"data\":[";
  std::size_t listed = 0;
  for (const calls::Event& event : *found) {
    const bool fits = wanted.wants(event.call_id, std::string(to_string(event.type)));
    more = more || (fits && listed == limit);
    if (fits && listed == limit) break;
    cursor = event.seq;
    if (!fits) continue;
    if (listed++ > 0) body += ',';
    body += to_json_text(event);
  }
  body += "],\"nextCursor\":\"" + std::to_string(cursor) + "\",\"hasMore\":" + (more ? "true}" : "false}");
  co_return json_response(std::move(body));
}

/// Feeds one listener's socket from a running stream, which may live on another worker.
class AudioSocket final : public net::WebSocketHandler, public std::enable_shared_from_this<AudioSocket> {
 public:
  AudioSocket(media::ActiveStreams& streams, std::string call_id) : streams_(streams), call_id_(std::move(call_id)) {}

  void on_open(net::WebSocket& socket) override {
    socket_ = &socket;
    const std::weak_ptr<AudioSocket> weak = weak_from_this();
    asio::io_context& loop = socket.context();
    const auto listen = [weak, &loop](media::LiveStream& stream) {
      const auto self = weak.lock();
      if (!self) return;
      auto sink = std::make_shared<media::ListenerSink>(stream.format(), [weak, &loop] {
        asio::post(loop, [weak] {
          if (const auto listener = weak.lock()) listener->deliver();
        });
      });
      stream.add_sink(sink);
      asio::post(loop, [self, sink = std::move(sink)]() mutable { self->attach(std::move(sink)); });
    };
    // The stream ended on its thread while this was on its way there.
    const auto gone = [weak, &loop] {
      asio::post(loop, [weak] {
        if (const auto listener = weak.lock()) listener->hang_up();
      });
    };
    if (!streams_.post(call_id_, listen, gone)) hang_up();
  }

  void on_text(std::string_view /*message*/) override {}
  void on_binary(std::span<const std::uint8_t> /*message*/) override {}

  void on_close(const net::CloseInfo& /*info*/) override {
    socket_ = nullptr;
    if (sink_) drop(std::move(sink_));
  }

 private:
  void attach(std::shared_ptr<media::ListenerSink> sink) {
    if (socket_ == nullptr) return drop(std::move(sink));
    sink_ = std::move(sink);
    deliver();
  }

  void drop(std::shared_ptr<media::ListenerSink> sink) {
    sink->close();
    streams_.post(call_id_, [sink = std::move(sink)](media::LiveStream& stream) { stream.remove_sink(*sink); });
  }

  // A message that the socket has no room for is dropped: who listens live wants the present, not the past.
  void deliver() {
    if (socket_ == nullptr || !sink_) return;
    const bool more = sink_->drain(batch_);
    for (std::size_t i = 0; i < batch_.size(); ++i) socket_->send_binary(batch_[i]);
    socket_->flush();
    if (!more) hang_up();
  }

  void hang_up() {
    if (socket_ != nullptr) socket_->close(net::CloseCode::normal, "the call is over");
  }

  media::ActiveStreams& streams_;
  const std::string call_id_;
  net::WebSocket* socket_ = nullptr;
  std::shared_ptr<media::ListenerSink> sink_;
  media::MessageBatch batch_;
};

asio::awaitable<net::Upgrade> listen(const Services& services, Exchange& exchange) {
  const auto call = co_await shown_call(services, exchange);
  if (!call) co_return net::Upgrade{nullptr, exchange.fail(call.error())};
  const std::string& id = (*call)->id;
  if (!services.streams.has(id)) {
    co_return net::Upgrade{nullptr, exchange.fail(make_error("call_not_live", "the call has no audio running here"))};
  }
  co_return net::Upgrade{std::make_shared<AudioSocket>(services.streams, id), {}};
}

}  // namespace

void add_live_endpoints(Router& router, const Services& services) {
  router.add({"GET", "/api/v1/events", Access::token, Permission::events_read,
              [&services](Exchange& exchange) { return list_events(services, exchange); },
              [&services](Exchange& exchange) { return follow_events(services, exchange); }});
  router.add({"GET",
              "/api/v1/calls/{callId}/audio",
              Access::token,
              Permission::calls_listen,
              {},
              [&services](Exchange& exchange) { return listen(services, exchange); }});
}

}  // namespace trunkline::api

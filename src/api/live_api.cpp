// What is followed while it happens: the event stream and the audio of a running call.

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

asio::awaitable<net::Upgrade> follow_events(const Services& services, Exchange& exchange) {
  QueryReader query(exchange.query);
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
  if (!query.errors().empty()) co_return net::Upgrade{nullptr, exchange.invalid(query.errors())};
  co_return net::Upgrade{services.events.subscriber(std::move(subscription)), {}};
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
  const auto call = co_await services.calls.find(std::string(exchange.param("callId")));
  if (!call) co_return net::Upgrade{nullptr, exchange.fail(call.error())};
  if (!services.streams.has(call->id)) {
    co_return net::Upgrade{nullptr, exchange.fail(make_error("call_not_live", "the call has no audio running here"))};
  }
  co_return net::Upgrade{std::make_shared<AudioSocket>(services.streams, call->id), {}};
}

}  // namespace

void add_live_endpoints(Router& router, const Services& services) {
  router.add({"GET", "/api/v1/events", Access::token, Permission::events_read, {}, [&services](Exchange& exchange) {
                return follow_events(services, exchange);
              }});
  router.add({"GET",
              "/api/v1/calls/{callId}/audio",
              Access::token,
              Permission::calls_listen,
              {},
              [&services](Exchange& exchange) { return listen(services, exchange); }});
}

}  // namespace trunkline::api

#include <trunkline/observe/log.hpp>
#include <trunkline/providers/reception.hpp>

#include <utility>

namespace trunkline::providers {
namespace {

constexpr std::chrono::seconds stream_comes_within{5};  // after the answer that asks for it

}  // namespace

asio::awaitable<Result<calls::StoredAnswer>> Reception::arrive(calls::Arrival arrival,
                                                               calls::CallService::Render render) const {
  const MediaServices& media = services_.media;
  const bool full = media.streams.full(media.clock.mono());
  const std::string from = arrival.from;
  const std::string to = arrival.to;
  const bool admitted = co_await services_.callers.admits(from);
  arrival.known_only = full || !admitted || services_.health.draining();
  auto answer = co_await media.calls.arrive(std::move(arrival), std::move(render));
  if (answer) {
    log::info("call arrives", {{"callId", answer->call_id}, {"from", log::masked(from)}, {"to", log::masked(to)}});
  } else if (answer.error().code == "no_new_calls" && (full || !admitted)) {
    log::warn("call refused", {{"reason", full ? "MAX_STREAMS is reached" : "too many calls from this number"}});
  }
  co_return answer;
}

asio::awaitable<Result<calls::Updated>> Reception::update(calls::StatusUpdate update,
                                                          std::optional<calls::State> state) const {
  auto taken = co_await services_.media.calls.update(std::move(update));
  if (taken && state && calls::is_terminal(*state)) {
    services_.media.streams.expect_no_more(taken->call_id);
    services_.commands.end_soon(taken->call_id, taken->node, {media::EndCause::provider_status, "", false});
  }
  co_return taken;
}

asio::awaitable<Result<calls::Call>> Reception::call_of_stream(std::string call_id) const {
  if (services_.media.streams.size() >= services_.limits.max_streams) {
    co_return make_error("too_many_streams", "MAX_STREAMS is reached");
  }
  // Whoever opens a socket proves himself in its first message only; before that, none but a running call is worth one.
  auto call = co_await services_.media.calls.find(std::move(call_id));
  if (call && calls::is_terminal(call->state)) co_return make_error("call_over", "the call is over");
  co_return call;
}

std::string Reception::media_url(const calls::CallService::Admission& admission) const {
  if (!admission.media_token.empty()) {
    services_.media.streams.expect(admission.call.id, services_.media.clock.mono() + stream_comes_within);
  }
  return websocket_url(services_.server.public_url) + "/media/" + admission.call.provider + "/" + admission.call.id;
}

std::string websocket_url(std::string_view url) {
  return std::string(url.starts_with("http") ? "ws" : "").append(url.substr(url.starts_with("http") ? 4 : 0));
}

}  // namespace trunkline::providers

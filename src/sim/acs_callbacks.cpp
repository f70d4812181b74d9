#include "sim/acs_callbacks.hpp"

#include <trunkline/base/wakeup.hpp>
#include <trunkline/net/client.hpp>
#include <trunkline/net/url.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace trunkline::sim {
namespace {

constexpr std::chrono::seconds token_life{300};
constexpr std::chrono::seconds long_over{-600};  // no leeway is as wide
constexpr int expired_tokens = 3;
constexpr int attempts = 4;
constexpr milliseconds between_attempts{1'000};

bool is_success(int status) {
  return status >= 200 && status < 300;
}

// The real service's rules are not known; what may pass is worth another attempt.
bool may_pass(int status) {
  return status == 0 || status == 408 || status == 429 || status >= 500;
}

}  // namespace

std::string at_target(const std::string& target, const std::string& url, bool socket) {
  const auto parsed = net::parse_url(url);
  if (!parsed || target.empty()) return url;
  return (socket ? "ws" + target.substr(4) : target) + parsed->target;
}

asio::awaitable<int> AcsCallbacks::post(const AcsEvent& event, std::chrono::seconds life) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = at_target(plan_.target, event.callback_uri);
  request.headers = {{"Content-Type", "application/cloudevents-batch+json; charset=utf-8"},
                     {"Authorization", "Bearer " + service_.token(life)}};
  request.body = event.body;
  const auto response = co_await net::fetch(std::move(request));
  co_return response ? response->status : 0;
}

asio::awaitable<void> AcsCallbacks::deliver(const AcsEvent& event) {
  if (plan_.fault == Fault::expired_token && expired_ < expired_tokens) {
    ++expired_;
    const int status = co_await post(event, long_over);
    if (is_success(status)) report_.webhook_error = "the gateway took " + event.name + " with an expired token";
  }
  int status = 0;
  for (int attempt = 1; attempt <= attempts; ++attempt) {
    if (attempt > 1) co_await pause(between_attempts);
    status = co_await post(event, token_life);
    if (!may_pass(status)) break;
  }
  if (is_success(status)) co_return;
  report_.webhook_error = status == 0 ? event.name + " could not be delivered"
                                      : "the gateway answered " + event.name + " with HTTP " + std::to_string(status);
}

asio::awaitable<void> AcsCallbacks::send(AcsEvent event) {
  // The end comes first, and what was before it afterwards.
  if (plan_.fault == Fault::reorder && event.name != "CallDisconnected") {
    late_.push_back(std::move(event));
    co_return;
  }
  if (lost(event)) co_return;
  co_await deliver(event);
  if (plan_.fault == Fault::duplicate) co_await deliver(event);
}

asio::awaitable<void> AcsCallbacks::send_late() {
  while (!late_.empty()) {
    const AcsEvent event = std::move(late_.back());
    late_.pop_back();
    co_await deliver(event);
  }
}

}  // namespace trunkline::sim

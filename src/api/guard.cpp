#include "api/guard.hpp"

#include <trunkline/observe/log.hpp>

#include <exception>
#include <string>

namespace trunkline::api {
namespace {

net::Response broken(const Endpoint& endpoint, const Exchange& exchange, const std::string& what) {
  log::error("a handler failed", {{"requestId", exchange.request.id}, {"route", endpoint.pattern}, {"error", what}});
  return net::problem(500, make_error("internal_error", "something went wrong here; it was logged"),
                      exchange.request.id);
}

}  // namespace

asio::awaitable<net::Response> serve_guarded(const Endpoint& endpoint, Exchange& exchange) {
  std::string what;
  try {
    co_return co_await endpoint.handler(exchange);
  } catch (const std::exception& error) {
    what = error.what();
  }
  co_return broken(endpoint, exchange, what);
}

asio::awaitable<net::Upgrade> upgrade_guarded(const Endpoint& endpoint, Exchange& exchange) {
  std::string what;
  try {
    co_return co_await endpoint.socket(exchange);
  } catch (const std::exception& error) {
    what = error.what();
  }
  co_return net::Upgrade{nullptr, broken(endpoint, exchange, what)};
}

}  // namespace trunkline::api

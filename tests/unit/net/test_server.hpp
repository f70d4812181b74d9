#pragma once

#include "support/raw_client.hpp"
#include "unit/net/spoken_handler.hpp"

#include <trunkline/base/clock.hpp>
#include <trunkline/base/ids.hpp>
#include <trunkline/base/thread_pool.hpp>
#include <trunkline/net/server.hpp>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace trunkline::test {

/// Answers what a test hooked in; without a hook it describes the request it got.
class TestService final : public net::HttpService {
 public:
  std::function<net::Response(net::Request&)> respond = describe;
  std::function<bool(const net::Request&)> reads = [](const net::Request&) { return true; };  // its body
  std::function<net::Upgrade(net::Request&)> accept = [](net::Request&) { return net::Upgrade{make_echo(), {}}; };

  boost::asio::awaitable<net::Response> serve(net::Request& request, net::IncomingBody& body) override {
    if (reads(request)) {
      if (auto refusal = co_await body.receive()) co_return *refusal;
    }
    co_return respond(request);
  }
  boost::asio::awaitable<net::Upgrade> upgrade(net::Request& request) override { co_return accept(request); }

  static net::Response describe(net::Request& request) {
    net::Response response;
    response.body = request.method + " " + request.path + "|" + request.query + "|" + request.body;
    response.set("X-Request-Id", request.id);
    response.set("X-Remote-Address", request.remote_address);
    response.set("X-Client-Address", request.client_address);
    return response;
  }
};

/// Loopback, any free port, patient.
inline config::Server loopback() {
  config::Server settings;
  settings.host = "127.0.0.1";
  settings.port = 0;
  return settings;
}

/// A server on two workers or as many as asked for. What it stands on is torn down in the order that an application
/// would keep.
class TestServer {
 public:
  TestService service;

  explicit TestServer(const config::Server& settings = loopback(), std::size_t workers = 2)
      : ids_(make_ids(system_clock())), workers_(workers), files_("files", 1, 16) {
    server_ = std::make_unique<net::Server>(workers_, service, settings, *ids_, files_);
  }

  /// Once the hooks of `service` are set: they are called on the workers.
  TestServer& start() {
    workers_.start();
    if (const auto listening = server_->listen(); !listening) throw std::runtime_error(listening.error().message);
    return *this;
  }

  net::Server& server() { return *server_; }
  net::Workers& workers() { return workers_; }
  const net::ServerCounters& counters() const { return server_->counters(); }
  std::uint16_t port() const { return server_->port(); }
  RawClient connect(const char* from = "127.0.0.1") const { return RawClient(port(), from); }
  std::string url(std::string_view scheme, std::string_view target) const {
    return std::string(scheme) + "://127.0.0.1:" + std::to_string(port()) + std::string(target);
  }

 private:
  std::unique_ptr<Ids> ids_;
  net::Workers workers_;
  ThreadPool files_;
  std::unique_ptr<net::Server> server_;
};

/// A GET of `target`, with `more` header lines.
inline std::string get(std::string_view target, std::string_view more = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n" + std::string(more) + "\r\n";
}

}  // namespace trunkline::test

#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/ids.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/base/thread_pool.hpp>
#include <trunkline/config/settings.hpp>
#include <trunkline/net/http.hpp>
#include <trunkline/net/worker.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace trunkline::net {

/// What a server counts. Any thread.
struct ServerCounters {
  std::atomic<std::int64_t> connections{0};
  std::atomic<std::int64_t> websockets{0};
  std::atomic<std::uint64_t> refused{0};        ///< over a connection limit
  std::atomic<std::uint64_t> accept_errors{0};  ///< no file descriptors, and the like
  std::atomic<std::uint64_t> timed_out{0};      ///< slow or silent clients
  std::atomic<std::uint64_t> malformed{0};      ///< not HTTP, or over a size limit
};

/// The one listener, plain or TLS, HTTP/1.1 with keep-alive and WebSocket. Connections are dealt to the workers in
/// turn and stay there. Slow, silent and superfluous clients are cut off by the limits of config::Server.
class Server {
 public:
  /// `files` reads file bodies, so that a slow disk does not hold up a loop.
  Server(Workers& workers, HttpService& service, const config::Server& settings, Ids& ids, ThreadPool& files);
  ~Server();

  /// Binds and begins to accept. Errors: `port_in_use`, `bind_failed`, `tls_failed`, each naming what to change.
  Result<> listen();
  /// The bound port: of use when the settings said 0.
  std::uint16_t port() const;

  /// Reads certificate and key again; connections that are open keep theirs. On an error the old ones stay.
  Result<> reload_tls();

  /// Draining: connections are accepted still (health checks must see us go), but none is kept alive.
  void stop_keep_alive();
  /// Stops accepting and closes every connection, WebSockets with 1001.
  void close_all();

  const ServerCounters& counters() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace trunkline::net

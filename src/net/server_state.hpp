#pragma once

#include "net/socket.hpp"

#include <trunkline/base/cidr.hpp>
#include <trunkline/net/server.hpp>

#include <boost/asio/ssl/context.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace trunkline::net {

/// What all connections of a server share. Outlives them: each holds it.
struct ServerState {
  ServerState(Workers& all, HttpService& answers, const config::Server& limits, Ids& identity, ThreadPool& readers)
      : workers(all), service(answers), settings(limits), ids(identity), files(readers) {
    for (const std::string& block : settings.trusted_proxies) proxies.push_back(Cidr::parse(block).value());
  }

  Workers& workers;
  HttpService& service;
  const config::Server settings;
  std::vector<Cidr> proxies;
  Ids& ids;
  ThreadPool& files;
  ServerCounters counters;
  std::atomic<bool> keep_alive{true};
  std::atomic<bool> closing{false};

  std::mutex addresses_mutex;
  std::unordered_map<std::string, std::size_t> per_address;
};

/// A place among the connections that are allowed at once; given back when destroyed.
class Lease {
 public:
  /// Nothing when the server or this address has no place left.
  static std::shared_ptr<Lease> take(const std::shared_ptr<ServerState>& state, const std::string& address);
  explicit Lease(std::shared_ptr<ServerState> state, std::string address)
      : state_(std::move(state)), address_(std::move(address)) {}
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  const std::string& address() const { return address_; }

 private:
  std::shared_ptr<ServerState> state_;
  std::string address_;
};

/// Serves one accepted connection to its end, on `worker`. One per transport, each in a source of its own because it
/// instantiates the HTTP parser.
void serve_plain(std::shared_ptr<ServerState> state, Worker& worker, TcpSocket socket, std::shared_ptr<Lease> lease);
void serve_tls(std::shared_ptr<ServerState> state, Worker& worker, TcpSocket socket, std::shared_ptr<Lease> lease,
               asio::ssl::context& tls);

}  // namespace trunkline::net

#include "net/server_state.hpp"

#include <trunkline/net/server.hpp>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <utility>

namespace trunkline::net {
namespace {

using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

constexpr int backlog = 4096;
constexpr milliseconds accept_pause{100};  // when the process is out of file descriptors

Result<std::shared_ptr<asio::ssl::context>> load_tls(const config::Server& settings) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  error_code error;
  context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                           asio::ssl::context::no_tlsv1_1 | asio::ssl::context::single_dh_use,
                       error);
  if (!error) context->use_certificate_chain_file(settings.tls_certificate.string(), error);
  if (error) {
    return make_error("tls_failed",
                      "TLS_CERT_FILE " + settings.tls_certificate.string() + " cannot be used: " + error.message());
  }
  context->use_private_key_file(settings.tls_key.string(), asio::ssl::context::pem, error);
  if (error) {
    return make_error("tls_failed",
                      "TLS_KEY_FILE " + settings.tls_key.string() + " cannot be used: " + error.message());
  }
  return context;
}

}  // namespace

std::shared_ptr<Lease> Lease::take(const std::shared_ptr<ServerState>& state, const std::string& address) {
  const std::lock_guard lock(state->addresses_mutex);
  if (state->counters.connections >= static_cast<std::int64_t>(state->settings.max_connections)) return nullptr;
  auto& here = state->per_address[address];
  if (here >= state->settings.max_connections_per_address) return nullptr;
  ++here;
  ++state->counters.connections;
  return std::make_shared<Lease>(state, address);
}

Lease::~Lease() {
  const std::lock_guard lock(state_->addresses_mutex);
  --state_->counters.connections;
  const auto found = state_->per_address.find(address_);
  if (--found->second == 0) state_->per_address.erase(found);
}

/// The accept loop. It runs on the first worker and deals connections to all of them.
class Server::Impl : public std::enable_shared_from_this<Server::Impl> {
 public:
  Impl(Workers& workers, HttpService& service, const config::Server& settings, Ids& ids, ThreadPool& files)
      : state_(std::make_shared<ServerState>(workers, service, settings, ids, files)),
        acceptor_(workers.at(0).context()),
        pause_(workers.at(0).context()) {}

  Result<> listen() {
    const config::Server& settings = state_->settings;
    if (!settings.tls_certificate.empty()) {
      if (auto loaded = reload_tls(); !loaded) return loaded;
    }
    error_code error;
    const auto address = asio::ip::make_address(settings.host, error);
    if (error) return make_error("bind_failed", "HOST '" + settings.host + "' is not an IP address");
    const tcp::endpoint endpoint(address, settings.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(backlog, error);
    if (error) close_acceptor();
    if (error == asio::error::address_in_use) {
      return make_error("port_in_use", "port " + std::to_string(settings.port) +
                                           " is in use; stop the other program or set PORT to another one");
    }
    if (error) {
      return make_error("bind_failed", "cannot listen on " + settings.host + ":" + std::to_string(settings.port) +
                                           ": " + error.message());
    }
    port_ = acceptor_.local_endpoint().port();
    asio::dispatch(acceptor_.get_executor(), [self = shared_from_this()] { self->accept(); });
    return {};
  }

  Result<> reload_tls() {
    if (state_->settings.tls_certificate.empty()) return {};
    auto loaded = load_tls(state_->settings);
    if (!loaded) return loaded.error();
    std::atomic_store(&tls_, *loaded);
    return {};
  }

  void close_all() {
    state_->closing = true;
    state_->keep_alive = false;
    asio::dispatch(acceptor_.get_executor(), [self = shared_from_this()] {
      self->close_acceptor();
      self->pause_.cancel();
    });
  }

  std::uint16_t port() const { return port_; }
  ServerState& state() { return *state_; }

 private:
  void close_acceptor() {
    error_code ignored;
    acceptor_.close(ignored);
  }

  void accept() {
    if (!acceptor_.is_open()) return;
    Worker& worker = state_->workers.next();
    acceptor_.async_accept(worker.context(), [self = shared_from_this(), &worker](error_code error, TcpSocket socket) {
      if (!self->acceptor_.is_open()) return;
      if (error) {
        ++self->state_->counters.accept_errors;
        return self->accept_after_pause();
      }
      self->admit(worker, std::move(socket));
      self->accept();
    });
  }

  void accept_after_pause() {
    pause_.expires_after(accept_pause);
    pause_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->accept();
    });
  }

  void admit(Worker& worker, TcpSocket socket) {
    error_code error;
    const auto peer = socket.remote_endpoint(error);
    if (error) return;
    // An IPv4 client of a socket that listens on both kinds is an IPv4 client.
    auto lease = Lease::take(state_, plain_ip(peer.address()).to_string());
    if (!lease) {
      ++state_->counters.refused;
      if (std::atomic_load(&tls_)) return;  // a handshake is what we have no room for
      static constexpr std::string_view answer =
          "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
      socket.non_blocking(true, error);
      socket.write_some(asio::buffer(answer), error);
      return;
    }
    asio::dispatch(worker.context(), [state = state_, &worker, tls = std::atomic_load(&tls_), lease = std::move(lease),
                                      socket = std::move(socket)]() mutable {
      if (tls) {
        serve_tls(std::move(state), worker, std::move(socket), std::move(lease), *tls);
      } else {
        serve_plain(std::move(state), worker, std::move(socket), std::move(lease));
      }
    });
  }

  std::shared_ptr<ServerState> state_;
  Acceptor acceptor_;
  asio::steady_timer pause_;
  std::shared_ptr<asio::ssl::context> tls_;
  std::uint16_t port_ = 0;
};

Server::Server(Workers& workers, HttpService& service, const config::Server& settings, Ids& ids, ThreadPool& files)
    : impl_(std::make_shared<Impl>(workers, service, settings, ids, files)) {}

Server::~Server() {
  close_all();
}

Result<> Server::listen() {
  return impl_->listen();
}
std::uint16_t Server::port() const {
  return impl_->port();
}
Result<> Server::reload_tls() {
  return impl_->reload_tls();
}
void Server::stop_keep_alive() {
  impl_->state().keep_alive = false;
}
void Server::close_all() {
  impl_->close_all();
}
const ServerCounters& Server::counters() const {
  return impl_->state().counters;
}

}  // namespace trunkline::net

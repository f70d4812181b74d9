#include "store/redis/transport.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <openssl/ssl.h>

#include <utility>

namespace trunkline::store::redis {
namespace {

using asio::ip::tcp;
using boost::system::error_code;
using Resolver = asio::ip::basic_resolver<tcp, asio::io_context::executor_type>;

Error unreachable(const RedisAddress& address, const std::string& why) {
  return make_error("live_unavailable",
                    "Redis at " + address.host + " port " + std::to_string(address.port) + ": " + why);
}

struct Lookup {
  Lookup(asio::io_context& loop, MonoTime deadline) : done(loop, deadline) {}

  asio::steady_timer done;
  bool answered = false;
  error_code error;
  Resolver::results_type found;
};

// The system's resolver cannot be interrupted: an answer that comes after the deadline is dropped.
asio::awaitable<std::shared_ptr<Lookup>> look_up(asio::io_context& loop, RedisAddress address, MonoTime deadline) {
  auto lookup = std::make_shared<Lookup>(loop, deadline);
  Resolver resolver(loop);
  resolver.async_resolve(address.host, std::to_string(address.port),
                         [lookup](error_code error, Resolver::results_type found) {
                           lookup->answered = true;
                           lookup->error = error;
                           lookup->found = std::move(found);
                           lookup->done.cancel();
                         });
  error_code cancelled;
  co_await lookup->done.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  co_return lookup;
}

bool is_address(const std::string& host) {
  error_code none;
  asio::ip::make_address(host, none);
  return !none;
}

}  // namespace

asio::awaitable<Result<>> Transport::open(RedisAddress address, const RedisOptions& options, MonoTime deadline) {
  // Not a race of two waits: what takes too long hears of it as of any closed socket.
  asio::steady_timer impatience(loop_, deadline);
  const auto late = std::make_shared<bool>(false);
  impatience.async_wait([self = weak_from_this(), late](error_code cancelled) {
    const auto transport = self.lock();
    if (cancelled || !transport) return;
    *late = true;
    transport->close();
  });
  auto opened = co_await connect(address, deadline);
  if (opened && options.tls) opened = co_await secure(address, options);
  if (*late) co_return unreachable(address, "it does not answer in time");
  co_return opened;
}

asio::awaitable<Result<>> Transport::connect(const RedisAddress& address, MonoTime deadline) {
  const auto lookup = co_await look_up(loop_, address, deadline);
  if (!lookup->answered) co_return unreachable(address, "its name is not resolved in time");
  if (lookup->error) co_return unreachable(address, lookup->error.message());
  error_code error;
  co_await asio::async_connect(socket_, lookup->found, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return unreachable(address, error.message());
  socket_.set_option(tcp::no_delay(true), error);
  socket_.set_option(asio::socket_base::keep_alive(true), error);
  co_return Result<>();
}

asio::awaitable<Result<>> Transport::secure(const RedisAddress& address, const RedisOptions& options) {
  error_code error;
  context_.emplace(asio::ssl::context::tls_client);
  context_->set_verify_mode(asio::ssl::verify_peer);
  if (options.ca_file.empty()) {
    context_->set_default_verify_paths(error);
  } else {
    context_->load_verify_file(options.ca_file.string(), error);
  }
  if (error) co_return unreachable(address, "the trusted certificates cannot be read: " + error.message());
  SSL_CTX_set_min_proto_version(context_->native_handle(), TLS1_2_VERSION);
  tls_.emplace(socket_, *context_);
  if (!is_address(address.host)) {    // RFC 6066 section 3: an address is no server name
    std::string name = address.host;  // OpenSSL's macro for this takes away a const
    SSL_ctrl(tls_->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
  }
  tls_->set_verify_callback(asio::ssl::host_name_verification(address.host));
  co_await tls_->async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return unreachable(address, "no secure connection: " + error.message());
  co_return Result<>();
}

asio::awaitable<Result<std::size_t>> Transport::read_some(std::span<char> into) {
  error_code error;
  std::size_t size = 0;
  const auto buffer = asio::buffer(into.data(), into.size());
  if (tls_) {
    size = co_await tls_->async_read_some(buffer, asio::redirect_error(asio::use_awaitable, error));
  } else {
    size = co_await socket_.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, error));
  }
  if (error) co_return make_error("live_unavailable", "Redis closed the connection", error.message());
  co_return size;
}

void Transport::write(std::string bytes, std::function<void(bool good)> done) {
  writing_ = std::move(bytes);
  auto then = [self = shared_from_this(), done = std::move(done)](error_code error, std::size_t) { done(!error); };
  if (tls_) {
    asio::async_write(*tls_, asio::buffer(writing_), std::move(then));
  } else {
    asio::async_write(socket_, asio::buffer(writing_), std::move(then));
  }
}

void Transport::close() {
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace trunkline::store::redis

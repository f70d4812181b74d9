#include "net/http_session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ssl/context.hpp>

namespace trunkline::net {
namespace {

asio::awaitable<void> shake_hands_and_run(std::unique_ptr<HttpSession<TlsSocket>> session, milliseconds timeout) {
  error_code error;
  session->deadline().expires_after(timeout);
  co_await session->socket().async_handshake(asio::ssl::stream_base::server,
                                             asio::redirect_error(asio::use_awaitable, error));
  if (!error) co_await session->run();
}

}  // namespace

// The connection counts its own reference to OpenSSL's context: a reload does not pull it away.
void serve_tls(std::shared_ptr<ServerState> state, Worker& worker, TcpSocket socket, std::shared_ptr<Lease> lease,
               asio::ssl::context& tls) {
  const auto timeout = state->settings.header_timeout;
  auto session = std::make_unique<HttpSession<TlsSocket>>(std::move(state), worker, TlsSocket(std::move(socket), tls),
                                                          std::move(lease));
  asio::co_spawn(worker.context(), shake_hands_and_run(std::move(session), timeout), asio::detached);
}

}  // namespace trunkline::net

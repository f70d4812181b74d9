#include "net/http_session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace trunkline::net {

void serve_plain(std::shared_ptr<ServerState> state, Worker& worker, TcpSocket socket, std::shared_ptr<Lease> lease) {
  auto session =
      std::make_unique<HttpSession<TcpSocket>>(std::move(state), worker, std::move(socket), std::move(lease));
  asio::co_spawn(
      worker.context(), [](auto owned) -> asio::awaitable<void> { co_await owned->run(); }(std::move(session)),
      asio::detached);
}

}  // namespace trunkline::net

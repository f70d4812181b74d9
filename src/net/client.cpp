#include "net/socket.hpp"
#include "net/websocket_connection.hpp"

#include <trunkline/base/base64.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/net/client.hpp>
#include <trunkline/net/url.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <functional>
#include <optional>
#include <vector>

namespace trunkline::net {
namespace {

namespace http = boost::beast::http;
using namespace asio::experimental::awaitable_operators;

asio::ssl::context& client_tls() {
  static asio::ssl::context context = [] {
    asio::ssl::context made(asio::ssl::context::tls_client);
    made.set_default_verify_paths();
    made.set_verify_mode(asio::ssl::verify_peer);
    return made;
  }();
  return context;
}

Error unreachable(const Url& url, const error_code& error) {
  return make_error("unreachable", url.authority() + " cannot be reached", error.message());
}

std::string_view as_view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

using HttpRequest = http::request<http::string_body>;
using Resolver = asio::ip::basic_resolver<tcp, asio::io_context::executor_type>;

struct Lookup {
  explicit Lookup(asio::io_context& loop) : done(loop, MonoTime::max()) {}

  asio::steady_timer done;
  error_code error;
  Resolver::results_type found;
};

// The system's resolver cannot be interrupted, so the wait for it is a timer's: it ends at once when cancelled, and an
// answer that comes later is dropped.
asio::awaitable<std::shared_ptr<Lookup>> resolve(asio::io_context& loop, const Url& url) {
  auto lookup = std::make_shared<Lookup>(loop);
  Resolver resolver(loop);
  resolver.async_resolve(url.host, std::to_string(url.port), [lookup](error_code error, Resolver::results_type found) {
    lookup->error = error;
    lookup->found = std::move(found);
    lookup->done.cancel();
  });
  error_code cancelled;
  co_await lookup->done.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  co_return lookup;
}

using AddressFilter = std::function<bool(const asio::ip::address&)>;

asio::awaitable<Result<TcpSocket>> connect(asio::io_context& loop, const Url& url, const AddressFilter& admits) {
  const auto lookup = co_await resolve(loop, url);
  if (lookup->error) co_return unreachable(url, lookup->error);
  std::vector<tcp::endpoint> admitted;
  for (const auto& found : lookup->found) {
    if (!admits || admits(found.endpoint().address())) admitted.push_back(found.endpoint());
  }
  if (admitted.empty()) {
    co_return make_error("address_refused", url.authority() + " stands for no address that may be connected to");
  }
  error_code error;
  TcpSocket socket(loop);
  co_await asio::async_connect(socket, admitted, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return unreachable(url, error);
  socket.set_option(tcp::no_delay(true), error);
  co_return std::move(socket);
}

asio::awaitable<Result<TlsSocket>> secure(TcpSocket plain, const Url& url) {
  TlsSocket socket(std::move(plain), client_tls());
  error_code no_address;
  asio::ip::make_address(url.host, no_address);
  if (no_address) {               // RFC 6066 section 3: an address is no server name
    std::string name = url.host;  // OpenSSL's macro for this takes away a const
    SSL_ctrl(socket.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
  }
  socket.set_verify_callback(asio::ssl::host_name_verification(url.host));
  error_code error;
  co_await socket.async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
  if (error) {
    co_return make_error("tls_failed", "no secure connection to " + url.authority(), error.message());
  }
  co_return std::move(socket);
}

// `on_socket(socket)` is called with a connected socket of the transport that the URL asks for.
template <class T, class OnSocket>
asio::awaitable<Result<T>> with_socket(asio::io_context& loop, const Url& url, const AddressFilter& admits,
                                       OnSocket on_socket) {
  auto plain = co_await connect(loop, url, admits);
  if (!plain) co_return plain.error();
  if (!url.secure()) co_return co_await on_socket(std::move(*plain));
  auto tls = co_await secure(std::move(*plain), url);
  if (!tls) co_return tls.error();
  co_return co_await on_socket(std::move(*tls));
}

// The work, or `timeout`, whichever is first.
template <class T>
asio::awaitable<Result<T>> within(milliseconds limit, const Url& url, asio::awaitable<Result<T>> work) {
  asio::steady_timer timer(co_await asio::this_coro::executor, limit);
  auto first = co_await (std::move(work) || timer.async_wait(asio::use_awaitable));
  if (first.index() == 1) {
    co_return make_error("timeout",
                         url.authority() + " did not answer within " + std::to_string(limit.count()) + " ms");
  }
  co_return std::move(std::get<0>(first));
}

template <class Socket>
asio::awaitable<Result<ClientResponse>> exchange(Socket socket, const Url& url, const HttpRequest& message,
                                                 std::size_t max_body_bytes, bool body_matters) {
  error_code error;
  co_await http::async_write(socket, message, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return unreachable(url, error);
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(max_body_bytes);
  if (message.method() == http::verb::head) parser.skip(true);
  co_await http::async_read(socket, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  if (error && (body_matters || !parser.is_header_done())) {
    co_return make_error("bad_response", url.authority() + " gave no valid answer", error.message());
  }
  ClientResponse response;
  response.status = parser.get().result_int();
  for (const auto& field : parser.get()) {
    response.headers.push_back({std::string(as_view(field.name_string())), std::string(as_view(field.value()))});
  }
  if (!error) response.body = std::move(parser.get().body());
  co_return response;
}

struct Upgraded {};

template <class Socket>
asio::awaitable<Result<Upgraded>> upgrade(Socket socket, Worker& worker, const Url& url,
                                          const WebSocketRequest& request, std::shared_ptr<WebSocketHandler>& handler,
                                          int& http_status) {
  std::string nonce(16, '\0');
  RAND_bytes(reinterpret_cast<unsigned char*>(nonce.data()), static_cast<int>(nonce.size()));
  const std::string key = base64::encode(nonce);
  HttpRequest message(http::verb::get, url.target, 11);
  message.set(http::field::host, url.authority());
  for (const auto& [name, value] : request.headers) message.set(name, value);
  message.set(http::field::upgrade, "websocket");
  message.set(http::field::connection, "Upgrade");
  message.set(http::field::sec_websocket_version, "13");
  message.set(http::field::sec_websocket_key, key);

  error_code error;
  co_await http::async_write(socket, message, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return unreachable(url, error);
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.skip(true);  // what follows a 101 is not a body
  co_await http::async_read_header(socket, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return make_error("bad_response", url.authority() + " gave no valid answer", error.message());
  http_status = parser.get().result_int();
  if (http_status != 101) {
    co_return make_error("upgrade_refused",
                         url.authority() + " refused the WebSocket with HTTP " + std::to_string(http_status));
  }
  if (as_view(parser.get()[http::field::sec_websocket_accept]) != accept_key(key)) {
    co_return make_error("bad_response", url.authority() + " answered the WebSocket handshake wrongly");
  }
  WebSocketLimits limits;
  limits.max_message_bytes = request.max_message_bytes;
  limits.max_unsent_bytes = request.max_unsent_bytes;
  const auto early = buffer.data();
  start_websocket({worker, Role::client, limits, std::move(handler), nullptr}, std::move(socket),
                  {static_cast<const std::uint8_t*>(early.data()), early.size()});
  co_return Upgraded{};
}

asio::awaitable<void> open(Worker& worker, WebSocketRequest request, std::shared_ptr<WebSocketHandler> handler) {
  const AddressFilter any_address;
  int http_status = 0;
  Result<Upgraded> result = Upgraded{};
  const auto url = parse_url(request.url);
  if (!url) {
    result = url.error();
  } else {
    auto work = with_socket<Upgraded>(worker.context(), *url, any_address, [&](auto socket) {
      return upgrade(std::move(socket), worker, *url, request, handler, http_status);
    });
    result = co_await within(request.timeout, *url, std::move(work));
  }
  if (!result && handler) handler->on_close({CloseCode::abnormal, result.error().message, http_status});
}

}  // namespace

asio::awaitable<Result<ClientResponse>> fetch(ClientRequest request) {
  const auto url = parse_url(request.url);
  if (!url) co_return url.error();
  HttpRequest message;
  message.method_string(request.method);
  message.target(url->target);
  message.version(11);
  message.set(http::field::host, url->authority());
  message.set(http::field::connection, "close");
  for (const auto& [name, value] : request.headers) message.set(name, value);
  message.body() = std::move(request.body);
  message.prepare_payload();

  auto executor = co_await asio::this_coro::executor;
  auto& loop = static_cast<asio::io_context&>(asio::query(executor, asio::execution::context));
  auto work = with_socket<ClientResponse>(loop, *url, request.admits, [&](auto socket) {
    return exchange(std::move(socket), *url, message, request.max_body_bytes, request.body_matters);
  });
  co_return co_await within(request.timeout, *url, std::move(work));
}

void open_websocket(Worker& worker, WebSocketRequest request, std::shared_ptr<WebSocketHandler> handler) {
  asio::co_spawn(worker.context(), open(worker, std::move(request), std::move(handler)), asio::detached);
}

}  // namespace trunkline::net

// The relay in Boost.Beast, tuned as far as Beast goes: one loop, concrete executors, plain sockets without timeouts,
// the fast mask generator, and the fast path of the other baselines. PORT, SINK_PORT and REC_DIR are its settings.
#include "fast_path.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

#include <array>
#include <memory>
#include <optional>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using baseline::Event;

using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<tcp, Executor>;
using WebSocket = websocket::stream<Socket>;
using Task = asio::awaitable<void, Executor>;
constexpr asio::use_awaitable_t<Executor> use_task;

constexpr std::size_t max_payload = 4000;

struct Settings {
  unsigned short port = baseline::port_setting("PORT");
  unsigned short sink_port = baseline::port_setting("SINK_PORT");
  std::string folder = baseline::setting("REC_DIR");
  unsigned calls = 0;
};

Task connect(std::unique_ptr<WebSocket>& sink, const Settings& settings) {
  sink = std::make_unique<WebSocket>(Socket(co_await asio::this_coro::executor));
  co_await sink->next_layer().async_connect({asio::ip::address_v4::loopback(), settings.sink_port}, use_task);
  sink->next_layer().set_option(tcp::no_delay(true));
  sink->secure_prng(false);
  sink->auto_fragment(false);
  sink->binary(true);
  co_await sink->async_handshake("127.0.0.1", "/sink", use_task);
}

Task relay(WebSocket socket, Settings& settings) {
  std::unique_ptr<WebSocket> sink;
  std::optional<baseline::Recording> recording;
  beast::flat_buffer buffer;
  std::array<std::uint8_t, max_payload> audio;
  for (;;) {
    beast::error_code error;
    co_await socket.async_read(buffer, asio::redirect_error(use_task, error));
    if (error) break;
    const auto message = baseline::scan({static_cast<const char*>(buffer.data().data()), buffer.size()});
    if (message.event == Event::media && sink && message.payload.size() < max_payload) {
      const std::size_t size = baseline::decode_base64(message.payload, audio.data());
      recording->add({audio.data(), size});
      co_await sink->async_write(asio::buffer(audio.data(), size), use_task);
    } else if (message.event == Event::start && !sink) {
      recording.emplace(settings.folder + "/beast-" + std::to_string(++settings.calls) + ".wav", message.encoding);
      co_await connect(sink, settings);
    }
    buffer.consume(buffer.size());
  }
  beast::error_code ignored;
  if (sink) co_await sink->async_close(websocket::close_code::normal, asio::redirect_error(use_task, ignored));
}

Task call(Socket socket, Settings& settings) {
  socket.set_option(tcp::no_delay(true));
  WebSocket websocket(std::move(socket));
  beast::error_code error;
  co_await websocket.async_accept(asio::redirect_error(use_task, error));
  if (!error) co_await relay(std::move(websocket), settings);
}

Task serve(Settings& settings) {
  const auto executor = co_await asio::this_coro::executor;
  asio::basic_socket_acceptor<tcp, Executor> acceptor(executor, {asio::ip::address_v4::loopback(), settings.port});
  acceptor.listen(4096);
  for (;;) {
    // A call that fails ends alone: nobody waits for its exception.
    asio::co_spawn(executor, call(co_await acceptor.async_accept(use_task), settings),
                   [](const std::exception_ptr&) {});
  }
}

}  // namespace

int main() {
  baseline::allow_many_sockets();
  Settings settings;
  asio::io_context context(1);
  asio::co_spawn(context.get_executor(), serve(settings), asio::detached);
  context.run();
}

#pragma once

#include "net/server_state.hpp"
#include "net/websocket_connection.hpp"

#include <trunkline/base/offload.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/net/forwarded.hpp>
#include <trunkline/net/problem.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

namespace trunkline::net {

namespace http = boost::beast::http;

/// Closes a socket when its time is up: what ends slow and silent clients.
class Deadline final : public Ticking {
 public:
  Deadline(Worker& worker, TcpSocket& socket, ServerState& state) : socket_(socket), state_(state) {
    worker.add(*this);
  }

  void expires_after(milliseconds time) { at_ = std::chrono::steady_clock::now() + time; }
  /// Our last answer is given: running out of this time is nobody's fault.
  void linger(milliseconds time) {
    expires_after(time);
    counts_ = false;
  }
  /// While our own handler works, the client is not to blame.
  void pause() { at_ = MonoTime::max(); }
  /// Between two requests a drain may end the connection at once.
  void set_idle(bool idle) { idle_ = idle; }

  void on_tick(MonoTime now) override {
    if (now < at_ && !(idle_ && state_.closing)) return;
    if (now >= at_ && counts_) ++state_.counters.timed_out;
    at_ = MonoTime::max();
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  TcpSocket& socket_;
  ServerState& state_;
  MonoTime at_ = MonoTime::max();
  bool idle_ = false;
  bool counts_ = true;
};

/// One HTTP/1.1 connection: requests in turn, until it closes or becomes a WebSocket.
template <class Socket>
class HttpSession {
 public:
  HttpSession(std::shared_ptr<ServerState> state, Worker& worker, Socket socket, std::shared_ptr<Lease> lease)
      : state_(std::move(state)),
        worker_(worker),
        socket_(std::move(socket)),
        lease_(std::move(lease)),
        deadline_(worker, lowest(socket_), *state_),
        buffer_(state_->settings.max_header_bytes + read_ahead) {}

  Socket& socket() { return socket_; }
  Deadline& deadline() { return deadline_; }

  asio::awaitable<void> run() {
    error_code ignored;
    lowest(socket_).set_option(tcp::no_delay(true), ignored);
    deadline_.expires_after(state_->settings.header_timeout);
    while (co_await serve_one()) {
    }
    if (lowest(socket_).is_open()) co_await wind_up();
  }

 private:
  using Parser = http::request_parser<http::string_body>;
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

  /// Reads on from where the head ended.
  class Rest final : public IncomingBody {
   public:
    Rest(HttpSession& session, Parser& parser, Request& request)
        : session_(session), parser_(parser), request_(request) {}

    asio::awaitable<std::optional<Response>> receive() override { return session_.read_body(parser_, request_); }

   private:
    HttpSession& session_;
    Parser& parser_;
    Request& request_;
  };

  // Closing on unread input would reset the connection and take our last answer with it (RFC 9112 section 9.6): what
  // the client still sends is read and dropped until it hangs up or the time is over.
  asio::awaitable<void> wind_up() {
    error_code error;
    deadline_.linger(lingering);
    if constexpr (std::is_same_v<Socket, TlsSocket>) {
      co_await socket_.async_shutdown(asio::redirect_error(asio::use_awaitable, error));
    }
    lowest(socket_).shutdown(tcp::socket::shutdown_send, error);
    std::array<std::uint8_t, 4096> dropped{};
    while (!error) {
      co_await lowest(socket_).async_read_some(asio::buffer(dropped), asio::redirect_error(asio::use_awaitable, error));
    }
  }

  // False when the connection is to end, or was handed to a WebSocket.
  asio::awaitable<bool> serve_one() {
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(state_->settings.max_header_bytes));
    parser.body_limit(state_->settings.max_body_bytes);
    if (!co_await read_head(parser)) co_return false;
    Request request = take_head(parser);
    if (is_upgrade(parser.get())) {
      co_await upgrade(std::move(request));
      co_return false;
    }
    const bool head_only = parser.get().method() == http::verb::head;  // the service may change its copy
    Rest rest(*this, parser, request);
    deadline_.pause();
    Response response = co_await state_->service.serve(request, rest);
    const bool keep = parser.is_done() && parser.keep_alive() && state_->keep_alive;
    deadline_.expires_after(state_->settings.idle_timeout);
    co_return co_await write(response, head_only, keep) && keep;
  }

  asio::awaitable<bool> read_head(Parser& parser) {
    error_code error;
    if (buffer_.size() == 0) {  // the wait for a request is idleness, the wait for the rest of it is not
      deadline_.set_idle(true);
      const auto space = buffer_.prepare(4096);
      const std::size_t size =
          co_await socket_.async_read_some(space, asio::redirect_error(asio::use_awaitable, error));
      deadline_.set_idle(false);
      if (error) co_return false;
      buffer_.commit(size);
    }
    deadline_.expires_after(state_->settings.header_timeout);
    co_await http::async_read_header(socket_, buffer_, parser, asio::redirect_error(asio::use_awaitable, error));
    if (error) {
      if (auto refusal = refusal_of(error)) co_await write(*refusal, false, false);
      co_return false;
    }
    if (parser.get().version() == 11 && parser.get().count(http::field::host) != 1) {  // RFC 9112 section 3.2
      Response refusal = turned_away(400, make_error("malformed_request", "an HTTP/1.1 request has one Host header"));
      co_await write(refusal, false, false);
      co_return false;
    }
    co_return true;
  }

  asio::awaitable<std::optional<Response>> read_body(Parser& parser, Request& request) {
    if (parser.is_done()) co_return std::nullopt;
    error_code error;
    deadline_.expires_after(state_->settings.idle_timeout);
    if (text::iequals(as_view(parser.get()[http::field::expect]), "100-continue")) {
      static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await asio::async_write(socket_, asio::buffer(go_on), asio::redirect_error(asio::use_awaitable, error));
    }
    if (!error) co_await http::async_read(socket_, buffer_, parser, asio::redirect_error(asio::use_awaitable, error));
    deadline_.pause();
    if (!error) {
      request.body = std::move(parser.get().body());
      co_return std::nullopt;
    }
    auto refusal = refusal_of(error);
    // Nobody will read this, but the service is to see how the request came out.
    if (!refusal) refusal = problem(400, make_error("incomplete_body", "the connection ended in the body"), request.id);
    co_return refusal;
  }

  // The answer to what is not HTTP or is too large; none where it would make no sense.
  std::optional<Response> refusal_of(const error_code& error) {
    if (error == http::error::end_of_stream || error.category() != http::make_error_code(http::error{}).category()) {
      return std::nullopt;
    }
    if (error == http::error::header_limit) {
      const std::string limit = std::to_string(state_->settings.max_header_bytes);
      return turned_away(431, make_error("header_too_large", "the request header is larger than " + limit + " bytes"));
    }
    if (error == http::error::body_limit) {
      const std::string limit = std::to_string(state_->settings.max_body_bytes);
      return turned_away(413, make_error("body_too_large", "the body is larger than " + limit + " bytes"));
    }
    return turned_away(400,
                       make_error("malformed_request", "this is not a valid HTTP/1.1 request: " + error.message()));
  }

  Response turned_away(int status, const Error& reason) {
    ++state_->counters.malformed;
    const std::string id = state_->ids.make("req");
    Response response = problem(status, reason, id);
    response.set("X-Request-Id", id);
    return response;
  }

  static std::string_view as_view(boost::beast::string_view text) { return {text.data(), text.size()}; }

  // RFC 6455 section 4.2.1. What asks for less is an ordinary request.
  static bool is_upgrade(const http::request<http::string_body>& message) {
    return message.method() == http::verb::get && message.version() >= 11 &&
           text::iequals(as_view(message[http::field::upgrade]), "websocket") &&
           http::token_list(message[http::field::connection]).exists("upgrade");
  }

  Request take_head(const Parser& parser) {
    const auto& message = parser.get();
    Request request;
    request.method = as_view(message.method_string());
    request.target = as_view(message.target());
    const std::string_view target = origin_form(request.target);
    const auto question = std::min(target.find('?'), target.size());
    request.path = target.substr(0, question);
    if (question < target.size()) request.query = target.substr(question + 1);
    for (const auto& field : message) {
      request.headers.push_back({std::string(as_view(field.name_string())), std::string(as_view(field.value()))});
    }
    request.remote_address = lease_->address();
    request.client_address = client_address(request.remote_address, request.headers, state_->proxies);
    request.worker = &worker_;
    request.id = request_id(request.header("X-Request-Id"));
    return request;
  }

  // A target may name the server, too, as one for a proxy does (RFC 9112 section 3.2.2).
  static std::string_view origin_form(std::string_view target) {
    const auto scheme = target.find("://");
    if (target.starts_with('/') || scheme == std::string_view::npos) return target;
    const auto path = target.find_first_of("/?", scheme + 3);
    return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
  }

  // A client's own id is kept when it can do no harm in a log.
  std::string request_id(std::string_view given) {
    const bool sane = !given.empty() && given.size() <= 64 &&
                      given.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") ==
                          std::string_view::npos;
    return sane ? std::string(given) : state_->ids.make("req");
  }

  asio::awaitable<void> upgrade(Request request) {
    const std::string key(request.header("Sec-WebSocket-Key"));
    const std::string id = request.id;
    if (request.header("Sec-WebSocket-Version") != "13") {
      Response refusal = problem(426, make_error("websocket_version", "only WebSocket version 13 is spoken here"), id);
      refusal.set("Sec-WebSocket-Version", "13");
      refusal.set("X-Request-Id", id);
      co_await write(refusal, false, false);
      co_return;
    }
    if (key.size() != 24) {
      Response refusal =
          turned_away(400, make_error("malformed_request", "Sec-WebSocket-Key is missing or not 16 bytes of base64"));
      co_await write(refusal, false, false);
      co_return;
    }
    deadline_.pause();
    Upgrade answer = co_await state_->service.upgrade(request);
    deadline_.expires_after(state_->settings.header_timeout);
    if (!answer.handler) {
      co_await write(answer.refusal, false, false);
      co_return;
    }
    const std::string accepted =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        accept_key(key) + "\r\nX-Request-Id: " + id + "\r\n\r\n";
    error_code error;
    co_await asio::async_write(socket_, asio::buffer(accepted), asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return answer.handler->on_close({CloseCode::abnormal, error.message(), 0});
    hand_over(std::move(answer.handler));
  }

  void hand_over(std::shared_ptr<WebSocketHandler> handler) {
    deadline_.pause();
    deadline_.unlink();
    WebSocketLimits limits;
    limits.max_message_bytes = state_->settings.max_message_bytes;
    // Counted as long as it is open: the lease rides along with the count.
    ++state_->counters.websockets;
    const std::shared_ptr<const std::atomic<bool>> leaving(
        &state_->closing, [state = state_, lease = lease_](auto*) { --state->counters.websockets; });
    const auto early = buffer_.data();
    start_websocket({worker_, Role::server, limits, std::move(handler), leaving}, std::move(socket_),
                    {static_cast<const std::uint8_t*>(early.data()), early.size()});
  }

  asio::awaitable<bool> write(Response& response, bool head_only, bool keep_alive) {
    const bool no_length = response.status == 204 || response.status == 304;
    const bool bare = head_only || no_length;
    File file(nullptr, &std::fclose);
    if (response.file && !bare) {
      auto opened = co_await open(*response.file);
      if (opened) {
        file = std::move(*opened);
      } else {
        response = problem(opened.error().code == "overloaded" ? 503 : 500, opened.error(), "");
      }
    }
    const std::uint64_t length = response.file ? response.file->length : response.body.size();
    std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
    head.append(reason_phrase(response.status)).append("\r\nDate: ").append(http_date()).append("\r\n");
    for (const auto& [name, value] : response.headers) {
      head.append(name).append(": ");
      // A value that was made of foreign text must not begin a header of its own.
      std::ranges::copy_if(value, std::back_inserter(head), [](char c) { return c != '\r' && c != '\n' && c != '\0'; });
      head.append("\r\n");
    }
    if (!no_length) head.append("Content-Length: ").append(std::to_string(length)).append("\r\n");
    head.append(keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");

    error_code error;
    const bool with_body = !bare && !file;
    const std::array<asio::const_buffer, 2> parts = {asio::buffer(head),
                                                     with_body ? asio::buffer(response.body) : asio::const_buffer{}};
    co_await asio::async_write(socket_, parts, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return false;
    if (file) co_return co_await write_file(file.get(), length);
    co_return true;
  }

  // Before the head is written: a file that is not there can still be answered honestly.
  asio::awaitable<Result<File>> open(const FileBody& body) {
    co_return co_await offload(state_->files, [&body]() -> Result<File> {
      File file(std::fopen(body.path.c_str(), "rb"), &std::fclose);
      if (!file || ::fseeko(file.get(), static_cast<off_t>(body.offset), SEEK_SET) != 0) {
        return make_error("file_unreadable", "the file cannot be read", std::generic_category().message(errno));
      }
      return file;
    });
  }

  // A file that turns out shorter breaks the promised length: only closing tells the client.
  asio::awaitable<bool> write_file(std::FILE* file, std::uint64_t length) {
    std::string chunk;
    for (std::uint64_t left = length; left > 0; left -= chunk.size()) {
      auto part = co_await offload(state_->files, [&]() -> Result<std::string> {
        std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(left, file_chunk)), '\0');
        bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file));
        return bytes;
      });
      if (!part || part->empty()) co_return false;
      chunk = std::move(*part);
      error_code error;
      deadline_.expires_after(state_->settings.idle_timeout);
      co_await asio::async_write(socket_, asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return false;
    }
    co_return true;
  }

  static constexpr std::size_t file_chunk = 128 * 1024;
  static constexpr milliseconds lingering{2'000};
  // What a head takes, and some of what follows it: a line that never ends does not fit.
  static constexpr std::size_t read_ahead = 64 * 1024;

  std::shared_ptr<ServerState> state_;
  Worker& worker_;
  Socket socket_;
  std::shared_ptr<Lease> lease_;
  Deadline deadline_;
  boost::beast::flat_buffer buffer_;
};

}  // namespace trunkline::net

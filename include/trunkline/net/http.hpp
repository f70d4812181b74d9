#pragma once

#include <trunkline/net/websocket.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace trunkline::net {

namespace asio = boost::asio;
class Worker;

struct Header {
  std::string name;
  std::string value;
};
using Headers = std::vector<Header>;

/// The first header of that name (any case), or an empty view.
std::string_view find_header(const Headers& headers, std::string_view name);

/// A request as it came in. Plain data: nothing of the HTTP library shows.
struct Request {
  std::string method;  ///< upper case
  std::string target;  ///< exactly as sent: what a signature covers
  std::string path;    ///< the target up to `?`, still percent-encoded
  std::string query;   ///< what follows `?`, without it
  Headers headers;
  std::string body;            ///< empty until IncomingBody::receive()
  std::string remote_address;  ///< of the connection
  std::string client_address;  ///< behind a trusted proxy: who it speaks for; else the same
  std::string id;              ///< `X-Request-Id` of the client when it is sane, else made here
  Worker* worker = nullptr;    ///< of the connection: what an upgraded socket will live on

  std::string_view header(std::string_view name) const { return find_header(headers, name); }
};

/// A part of a file to be sent as the body.
struct FileBody {
  std::filesystem::path path;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

struct Response {
  int status = 200;
  Headers headers;  ///< without Content-Length and Connection: the connection adds them
  std::string body;
  std::optional<FileBody> file;  ///< instead of `body`

  void set(std::string_view name, std::string value);
};

/// The answer to an upgrade: a handler, or a response that refuses.
struct Upgrade {
  std::shared_ptr<WebSocketHandler> handler;
  Response refusal;
};

/// The body of a request whose head has come. The service asks for it once it knows that it wants it: nobody who may
/// not be served is listened to. A connection ends with the answer to a request whose body was not read.
class IncomingBody {
 public:
  virtual ~IncomingBody() = default;
  /// Reads it into the request, at most once. What comes back is the answer to one that is too large or malformed.
  virtual asio::awaitable<std::optional<Response>> receive() = 0;
};

/// What a server does with requests. Called on the connection's worker; several requests run at once.
class HttpService {
 public:
  virtual ~HttpService() = default;
  virtual asio::awaitable<Response> serve(Request& request, IncomingBody& body) = 0;
  virtual asio::awaitable<Upgrade> upgrade(Request& request) = 0;
};

/// The standard phrase of a status, `Not Found` for 404.
std::string_view reason_phrase(int status);

/// The time now, for the header `Date`; valid until the thread's next call.
std::string_view http_date();

/// gzip (RFC 1952) of a whole body.
std::string gzip(std::string_view body);

}  // namespace trunkline::net

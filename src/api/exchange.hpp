#pragma once

#include <trunkline/api/rate_limits.hpp>
#include <trunkline/auth/principal.hpp>
#include <trunkline/base/form.hpp>
#include <trunkline/net/http.hpp>
#include <trunkline/net/problem.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::api {

namespace asio = boost::asio;

/// Who may use a route.
enum class Access : std::uint8_t {
  open,       ///< health only
  token,      ///< a bearer token with the route's permission
  operators,  ///< as METRICS_ACCESS says: from this host, with a token, or everybody
  provider,   ///< the handler checks the provider's own proof
};

/// One request on its way through its handler.
struct Exchange {
  net::Request& request;
  Params path;   ///< values of the `{name}`s, decoded
  Params query;  ///< decoded
  auth::Principal principal;
  std::string call_id;     ///< of the call that it turned out to be about, unless the path says it; for the log
  bool unproven = false;   ///< the handler found the provider's proof missing or wrong: counts against the client
  bool repeated = false;   ///< the handler knew the request from before, and it had no effect
  LimitAnswer limit = {};  ///< of the limit that applies, for the answer's headers

  std::string_view param(std::string_view name) const { return first_of(path, name); }

  /// The answer to a failure: the status follows from the error's code.
  net::Response fail(const Error& error) const;
  net::Response invalid(std::vector<net::FieldError> errors) const;
};

using Handler = std::function<asio::awaitable<net::Response>(Exchange&)>;
using SocketHandler = std::function<asio::awaitable<net::Upgrade>(Exchange&)>;

struct Endpoint {
  std::string method;
  std::string pattern;
  Access access = Access::token;
  auth::Permission permission = auth::Permission::calls_read;
  Handler handler;
  SocketHandler socket;  ///< for WebSockets; with a `handler` beside it the same address answers plain requests, too
  bool linked = false;   ///< what a browser's link or player leads to: the token may stand in the query
};

net::Response json_response(std::string body, int status = 200);
net::Response json_response(const nlohmann::ordered_json& body, int status = 200);
net::Response text_response(std::string_view content_type, std::string body);

/// The HTTP status that an error's code stands for.
int status_of(const Error& error);

/// Reads and checks query parameters; what is wrong is gathered, so that a client hears of all at once.
class QueryReader {
 public:
  explicit QueryReader(const Params& query) : query_(query) {}

  std::string text(std::string_view name, std::size_t max_size = 256);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most);
  /// `read` gives nothing for a value it does not know; `expected` says what it would.
  template <class Read>
  auto word(std::string_view name, std::string_view expected, Read read) -> decltype(read(std::string_view{})) {
    const std::string value = text(name);
    if (value.empty()) return {};
    auto found = read(value);
    if (!found) reject(name, "'" + value + "' is not " + std::string(expected));
    return found;
  }

  void reject(std::string_view name, std::string message) {
    errors_.push_back({std::string(name), std::move(message)});
  }
  const std::vector<net::FieldError>& errors() const { return errors_; }

 private:
  const Params& query_;
  std::vector<net::FieldError> errors_;
};

}  // namespace trunkline::api

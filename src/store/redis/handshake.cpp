#include "store/redis/handshake.hpp"

#include <trunkline/base/text.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace trunkline::store::redis {
namespace {

constexpr std::size_t max_bytes = 64 * 1024;  // of what is said before we are let in
constexpr std::size_t read_bytes = 4 * 1024;

using Opened = Result<std::shared_ptr<Transport>>;

std::string name_of(const char* kind, const RedisAddress& address) {
  return kind + (" at " + address.host) + " port " + std::to_string(address.port);
}

Error unavailable(const std::string& server, const std::string& why) {
  return make_error("live_unavailable", server + " " + why);
}

/// A command of the handshake, and what it was for when it is refused.
struct Step {
  Command command;
  std::string what;
};

std::vector<Step> login_with(const std::string& user, const std::string& password) {
  if (password.empty()) return {};
  Command login{"AUTH"};
  if (!user.empty()) login.push_back(user);
  login.push_back(password);
  return {{std::move(login), "the password"}};
}

std::vector<Step> steps_for(const RedisOptions& options) {
  std::vector<Step> steps = login_with(options.user, options.password);
  steps.push_back({{"CLIENT", "SETNAME", options.client_name}, "the name of the connection"});
  if (options.database != 0) {
    steps.push_back({{"SELECT", std::to_string(options.database)}, "database " + std::to_string(options.database)});
  }
  steps.push_back({{"PING"}, "a PING"});
  if (!options.sentinels.empty()) steps.push_back({{"ROLE"}, "a question for its role"});
  return steps;
}

// Never the server's own words: it may repeat what it was told.
Error not_let_in(const std::string& server, const Reply& reply, const std::string& what) {
  const std::string code(reply.error_code());
  if (to_error(reply).code == "live_unavailable") return unavailable(server, "is not ready (" + code + ")");
  const std::string why = code == "NOAUTH" ? "asks for a password" : "refuses " + what;
  return make_error("live_refused", server + " " + why + " (" + code + ")");
}

bool is_master(const Reply& role) {
  return !role.elements.empty() && role.elements[0].text == "master";
}

/// A connection on which every step was taken.
struct Entered {
  std::shared_ptr<Transport> transport;
  Reply last;  ///< to the last step
};

asio::awaitable<Result<Entered>> enter(asio::io_context& loop, const char* kind, const RedisAddress& address,
                                       const RedisOptions& options, const std::vector<Step>& steps) {
  const std::string name = name_of(kind, address);
  const MonoTime deadline = std::chrono::steady_clock::now() + options.connect_timeout;
  auto transport = std::make_shared<Transport>(loop);
  const auto opened = co_await transport->open(address, options, deadline);
  if (!opened) co_return opened.error();
  std::vector<Command> commands;
  commands.reserve(steps.size());
  for (const Step& step : steps) commands.push_back(step.command);
  auto replies = co_await exchange(transport, std::move(commands), deadline);
  if (!replies) co_return unavailable(name, "does not answer: " + replies.error().message);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if ((*replies)[i].is_error()) co_return not_let_in(name, (*replies)[i], steps[i].what);
  }
  co_return Entered{std::move(transport), std::move(replies->back())};
}

asio::awaitable<Opened> open_server(asio::io_context& loop, const RedisAddress& address, const RedisOptions& options) {
  const auto steps = steps_for(options);
  const auto entered = co_await enter(loop, "Redis", address, options, steps);
  if (!entered) co_return entered.error();
  if (!options.sentinels.empty() && !is_master(entered->last)) {
    co_return unavailable(name_of("Redis", address), "is no master");
  };
  co_return entered->transport;
}

asio::awaitable<Result<RedisAddress>> ask_sentinel(asio::io_context& loop, const RedisAddress& sentinel,
                                                   const RedisOptions& options) {
  std::vector<Step> steps = login_with(options.sentinel_user, options.sentinel_password);
  steps.push_back({{"SENTINEL", "get-master-addr-by-name", options.sentinel_master}, "to name a master"});
  const auto entered = co_await enter(loop, "Sentinel", sentinel, options, steps);
  if (!entered) co_return entered.error();
  entered->transport->close();
  const Reply& reply = entered->last;
  if (reply.elements.size() != 2) {
    co_return make_error("live_refused",
                         name_of("Sentinel", sentinel) + " knows no master '" + options.sentinel_master + "'");
  }
  const auto port = text::to_uint(reply.elements[1].text);
  if (!port || *port == 0 || *port > 65'535) co_return unavailable(name_of("Sentinel", sentinel), "names no port");
  co_return RedisAddress{reply.elements[0].text, static_cast<std::uint16_t>(*port)};
}

}  // namespace

asio::awaitable<Result<RedisAddress>> find_master(asio::io_context& loop, const RedisOptions& options) {
  Error last;
  for (const RedisAddress& sentinel : options.sentinels) {
    auto found = co_await ask_sentinel(loop, sentinel, options);
    if (found) co_return found;
    last = found.error();
  }
  co_return last;
}

asio::awaitable<Result<Replies>> exchange(std::shared_ptr<Transport> transport, std::vector<Command> commands,
                                          MonoTime deadline) {
  Session session(Session::Use::commands, max_bytes);
  session.send(make_request(commands, deadline));
  transport->write(session.take_output(), [](bool) {});
  asio::steady_timer impatience(co_await asio::this_coro::executor, deadline);
  impatience.async_wait([transport](boost::system::error_code cancelled) {
    if (!cancelled) transport->close();
  });
  std::array<char, read_bytes> bytes{};
  for (std::vector<Heard> heard;;) {
    const auto size = co_await transport->read_some(bytes);
    if (!size) co_return size.error();
    if (auto read = session.receive({bytes.data(), *size}, heard); !read) co_return read.error();
    if (!heard.empty()) co_return std::move(std::get<Answered>(heard.front()).replies);
  }
}

asio::awaitable<Opened> connect_to_master(asio::io_context& loop, RedisOptions options, RedisAddress& found) {
  found = options.server;
  if (!options.sentinels.empty()) {
    const auto master = co_await find_master(loop, options);
    if (!master) co_return master.error();
    found = *master;
  }
  co_return co_await open_server(loop, found, options);
}

bool is_no_master(const Reply& reply) {
  return reply.error_code() == "READONLY";
}

Error to_error(const Reply& reply) {
  constexpr std::array<std::string_view, 6> passing = {"LOADING",  "READONLY",   "MASTERDOWN",
                                                       "TRYAGAIN", "NOREPLICAS", "BUSY"};
  const bool passes = std::ranges::find(passing, reply.error_code()) != passing.end();
  return passes ? make_error("live_unavailable", "the live state is not ready; try again later", reply.text)
                : make_error("live_failed", "the live state refused this", reply.text);
}

}  // namespace trunkline::store::redis

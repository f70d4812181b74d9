#pragma once

#include "support/postgres.hpp"
#include "support/scratch.hpp"
#include "support/tcp_proxy.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/store/postgres.hpp>

#include <sys/types.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <future>
#include <string>

namespace trunkline::store::test {

using trunkline::test::once;
using trunkline::test::TcpProxy;
using Verdict = TcpProxy::Verdict;

inline std::uint16_t port_of(const std::string& url) {
  const auto colon = url.rfind(':');
  return static_cast<std::uint16_t>(text::to_uint(url.substr(colon + 1, url.find('/', colon) - colon - 1)).value());
}

inline std::string with_port(std::string url, std::uint16_t port) {
  const auto colon = url.rfind(':');
  return url.replace(colon + 1, url.find('/', colon) - colon - 1, std::to_string(port));
}

/// A server of the test's own: one that may be stopped, frozen and crashed. The next test takes it over, empty.
class OwnServer {
 public:
  OwnServer() : folder_(std::string(std::getenv("TRUNKLINE_TEST_POSTGRES_DIR")) + "/own" + std::to_string(::getpid())) {
    start();
    Psql{url_}("SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public");
  }
  ~OwnServer() {
    if (pid_ > 0) stop();
  }
  OwnServer(const OwnServer&) = delete;
  OwnServer& operator=(const OwnServer&) = delete;

  const std::string& url() const { return url_; }
  void start() {
    const std::string told = call("start");
    const auto blank = told.find(' ');
    url_ = told.substr(0, blank);
    pid_ = static_cast<pid_t>(text::to_int(text::trim(told.substr(blank + 1))).value());
  }
  void stop() {
    call("stop");
    pid_ = -1;
  }
  void crash() {
    call("crash");
    pid_ = -1;
  }
  /// Every process of it, as a machine that hangs would.
  void freeze() { signal_all(SIGSTOP); }
  void thaw() { signal_all(SIGCONT); }

 private:
  std::string call(const std::string& verb) {
    const std::string command = "python3 " TRUNKLINE_SOURCE_DIR "/tests/support/postgres.py " + verb + " " + folder_;
    std::FILE* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string told;
    std::array<char, 256> line;
    while (std::fgets(line.data(), line.size(), pipe) != nullptr) told += line.data();
    REQUIRE(::pclose(pipe) == 0);
    return told;
  }

  void signal_all(int signal) {
    ::kill(pid_, signal);
    const std::string path = "/proc/" + std::to_string(pid_) + "/task/" + std::to_string(pid_) + "/children";
    std::FILE* children = std::fopen(path.c_str(), "r");
    REQUIRE(children != nullptr);
    for (int child = 0; std::fscanf(children, "%d", &child) == 1;) ::kill(child, signal);
    std::fclose(children);
  }

  std::string folder_;
  std::string url_;
  pid_t pid_ = -1;
};

/// Short enough for a test, long enough for a machine that is busy.
inline PostgresOptions impatient(std::string url) {
  PostgresOptions options;
  options.url = std::move(url);
  options.connections = 2;
  options.wait_limit = milliseconds(10'000);
  options.connect_timeout = milliseconds(2'000);
  options.statement_timeout = milliseconds(5'000);
  options.doubt_limit = milliseconds(20'000);
  return options;
}

inline std::unique_ptr<Database> open(const PostgresOptions& options) {
  auto opened = open_postgres(options);
  REQUIRE(opened);
  return std::move(*opened);
}

/// Inserts `x` as a write of its own and counts how often that ran.
struct Insert {
  std::int64_t x = 1;
  int ran = 0;

  Result<> into(Database& database) {
    return database.write_blocking<void>([this](Sql& sql) -> Result<> {
      ++ran;
      if (x % 2 == 0) {
        sql.post("INSERT INTO a VALUES ($1)", {x});  // all in one message with the COMMIT
      } else {
        sql.execute("INSERT INTO a VALUES ($1)", {x});
      }
      return {};
    });
  }
};

/// As it is sent: the end of the text tells it from the level READ COMMITTED.
inline const std::string commit("COMMIT\0", 7);

}  // namespace trunkline::store::test

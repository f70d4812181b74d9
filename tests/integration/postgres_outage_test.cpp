// Servers that are not there, not well, or not ours.

#include "integration/postgres_fixture.hpp"

#include <thread>

namespace trunkline::store {
namespace {

using namespace test;
using std::chrono::steady_clock;

Error refused(const PostgresOptions& options) {
  const auto opened = open_postgres(options);
  REQUIRE_FALSE(opened);
  return opened.error();
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  return text.replace(text.find(what), what.size(), by);
}

TEST_CASE("a wrong password is refused at once, and told without it") {
  if (without_postgres()) return;
  const auto began = steady_clock::now();
  const auto error = refused(impatient(replaced(postgres_url(), "only-for-tests", "wrong-secret")));
  CHECK(error.code == "store_unavailable");
  CHECK_THAT(error.message, Catch::Contains("password authentication failed"));
  CHECK_THAT(error.message, !Catch::Contains("wrong-secret"));
  CHECK(steady_clock::now() - began < std::chrono::seconds(5));
}

TEST_CASE("an unknown database is refused by name") {
  if (without_postgres()) return;
  const auto error = refused(impatient(replaced(postgres_url(), "/postgres", "/elsewhere")));
  CHECK(error.code == "store_unavailable");
  CHECK_THAT(error.message, Catch::Contains("database \"elsewhere\" does not exist"));
}

TEST_CASE("a database that is not in UTF-8 is refused") {
  if (without_postgres()) return;
  const std::string name = "ascii" + std::to_string(::getpid());  // goes with the server: DROP takes seconds
  Psql{postgres_url()}("CREATE DATABASE " + name + " ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0");
  const auto error = refused(impatient(replaced(postgres_url(), "/postgres", "/" + name)));
  CHECK(error.code == "store_failed");
  CHECK_THAT(error.message, Catch::Contains("must be in UTF8, not SQL_ASCII"));
}

TEST_CASE("TLS that is asked for and not there is not done without") {
  if (without_postgres()) return;
  auto options = impatient(postgres_url() + "?sslmode=require");
  options.wait_limit = milliseconds(100);
  const auto error = refused(options);
  CHECK(error.code == "store_unavailable");
  CHECK_THAT(error.message, Catch::Contains("server does not support SSL"));
}

TEST_CASE("a server that does not listen is waited for, then reported") {
  auto options = impatient("postgresql://nobody@127.0.0.1:1/none");
  options.wait_limit = milliseconds(200);
  const auto error = refused(options);
  CHECK(error.code == "store_unavailable");
  CHECK_THAT(error.message, Catch::Contains("Connection refused"));
}

TEST_CASE("a URL that cannot be read is refused without showing it") {
  const auto error = refused(impatient("postgresql://user:sec ret@host:1:2/name?what=1"));
  CHECK(error.code == "store_failed");
  CHECK_THAT(error.message, Catch::StartsWith("the URL of the database cannot be read: "));
  CHECK_THAT(error.message, !Catch::Contains("ret") && !Catch::Contains("user"));
}

TEST_CASE("a try says what it found") {
  if (without_postgres()) return;
  const auto found = try_postgres(impatient(postgres_url()));
  REQUIRE(found);
  CHECK_THAT(*found, Catch::StartsWith("PostgreSQL 15.") && Catch::EndsWith(", without TLS"));
  CHECK_FALSE(try_postgres(impatient("postgresql://nobody@127.0.0.1:1/none")));
}

TEST_CASE("a server may be stopped and started: what comes meanwhile waits for it, for a while") {
  if (without_postgres()) return;
  OwnServer server;
  Psql{server.url()}("CREATE TABLE a (x BIGINT)");
  auto options = impatient(server.url());
  options.connections = 4;
  options.wait_limit = milliseconds(60'000);
  auto patient = test::open(options);
  options.wait_limit = milliseconds(300);
  auto hurried = test::open(options);
  REQUIRE(Insert{}.into(*patient));
  REQUIRE(Insert{}.into(*hurried));

  server.stop();
  const auto began = steady_clock::now();
  const auto told = Insert{}.into(*hurried);
  const auto waited = steady_clock::now() - began;
  CHECK(told.error().code == "store_unavailable");
  CHECK(waited >= milliseconds(300));
  CHECK(waited < std::chrono::seconds(10));

  std::vector<std::future<Result<>>> waiting;
  for (int i = 0; i < 20; ++i) {
    waiting.push_back(std::async(std::launch::async, [&] { return Insert{}.into(*patient); }));
  }
  server.start();
  for (auto& one : waiting) CHECK(one.get());
  CHECK(Insert{}.into(*hurried));
  CHECK(Psql{server.url()}("SELECT count(*) FROM a") == "23");
}

TEST_CASE("more jobs than connections fail in time while the server is away, each of them") {
  if (without_postgres()) return;
  OwnServer server;
  auto options = impatient(server.url());
  options.wait_limit = milliseconds(300);
  auto database = test::open(options);
  server.stop();
  std::vector<std::future<Result<>>> waiting;
  for (int i = 0; i < 50; ++i) {
    waiting.push_back(std::async(std::launch::async, [&] { return Insert{}.into(*database); }));
  }
  for (auto& one : waiting) CHECK(one.get().error().code == "store_unavailable");
}

TEST_CASE("a server that hangs for some seconds is noticed, and nothing is stored twice") {
  if (without_postgres()) return;
  OwnServer server;
  Psql{server.url()}("CREATE TABLE a (x BIGINT)");
  auto options = impatient(server.url());
  options.connections = 4;
  options.statement_timeout = milliseconds(500);
  options.wait_limit = milliseconds(500);
  options.doubt_limit = milliseconds(500);
  auto database = test::open(options);
  REQUIRE(Insert{1000}.into(*database));

  server.freeze();
  std::vector<std::future<Result<>>> waiting;
  for (std::int64_t x = 1; x <= 12; ++x) {
    waiting.push_back(std::async(std::launch::async, [&, x] { return Insert{x}.into(*database); }));
  }
  // Nobody waits for ever, though the server's sockets are all well.
  std::vector<std::string> told;
  for (auto& one : waiting) told.push_back(one.get().error().code);
  server.thaw();

  options.wait_limit = milliseconds(30'000);
  database = test::open(options);
  CHECK(Insert{1001}.into(*database));
  Psql psql(server.url());
  for (std::size_t i = 0; i < told.size(); ++i) {
    INFO("insert " << i + 1 << " was told " << told[i]);
    const auto stored = psql("SELECT count(*) FROM a WHERE x = " + std::to_string(i + 1));
    if (told[i] == "store_in_doubt") {
      CHECK((stored == "0" || stored == "1"));
    } else {
      CHECK(told[i] == "store_unavailable");
      CHECK(stored == "0");
    }
  }
  CHECK(psql("SELECT count(*) FROM a WHERE x >= 1000") == "2");
}

TEST_CASE("a server that hangs in a COMMIT is asked what became of it when it is back") {
  if (without_postgres()) return;
  OwnServer server;
  Psql{server.url()}("CREATE TABLE a (x BIGINT)");
  TcpProxy proxy(port_of(server.url()));
  auto options = impatient(with_port(server.url(), proxy.port()));
  options.statement_timeout = milliseconds(500);
  options.doubt_limit = milliseconds(60'000);
  auto database = test::open(options);
  std::promise<void> frozen;
  proxy.judge([&, done = false](std::string_view bytes) mutable {
    if (!done && bytes.find(commit) != std::string_view::npos) {
      done = true;
      server.freeze();
      frozen.set_value();
    }
    return Verdict::pass;
  });
  auto told = std::async(std::launch::async, [&] { return Insert{}.into(*database); });
  frozen.get_future().wait();
  CHECK(told.wait_for(std::chrono::seconds(3)) == std::future_status::timeout);
  server.thaw();
  CHECK(told.get());
  CHECK(Psql{server.url()}("SELECT count(*) FROM a") == "1");
}

}  // namespace
}  // namespace trunkline::store

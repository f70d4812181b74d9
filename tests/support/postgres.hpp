#pragma once

#include <trunkline/store/postgres.hpp>

#include <catch2/catch.hpp>

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <libpq-fe.h>
#include <memory>
#include <string>

namespace trunkline::store::test {

/// The Postgres that tests/run.py started, empty when there is none.
inline std::string postgres_url() {
  const char* url = std::getenv("TRUNKLINE_TEST_POSTGRES");
  return url == nullptr ? "" : url;
}

/// Says so when there is no Postgres: then the test case returns at once.
inline bool without_postgres() {
  if (!postgres_url().empty()) return false;
  WARN("skipped: no Postgres here; tests/run.py starts one where postgresql-15 is installed");
  SUCCEED();
  return true;
}

/// Looks at a server, and does to it what an operator might, beside the driver that is under test.
class Psql {
 public:
  explicit Psql(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
    INFO(PQerrorMessage(connection_.get()));
    REQUIRE(PQstatus(connection_.get()) == CONNECTION_OK);
  }

  /// The first column of the first row, empty when there is none.
  std::string operator()(const std::string& statements) {
    const std::unique_ptr<PGresult, void (*)(PGresult*)> answer(PQexec(connection_.get(), statements.c_str()), PQclear);
    INFO(statements << ": " << PQresultErrorMessage(answer.get()));
    const auto status = PQresultStatus(answer.get());
    const bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    REQUIRE(done);
    return PQntuples(answer.get()) == 0 ? "" : PQgetvalue(answer.get(), 0, 0);
  }

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  std::unique_ptr<PGconn, Finish> connection_;
};

/// A schema of its own on a server, gone with the object: nobody else is in it.
class Schema {
 public:
  explicit Schema(std::string server = postgres_url()) : server_(std::move(server)) {
    static std::atomic<int> count = 0;
    name_ = "t" + std::to_string(::getpid()) + "_" + std::to_string(++count);
    Psql{server_}("CREATE SCHEMA " + name_);
  }
  ~Schema() { Psql{server_}("SET client_min_messages = error; DROP SCHEMA " + name_ + " CASCADE"); }
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  std::string url() const { return within(server_); }
  /// The same by another way to the server.
  std::string within(const std::string& server) const { return server + "?options=-csearch_path%3D" + name_; }
  const std::string& name() const { return name_; }

 private:
  std::string server_;
  std::string name_;
};

inline PostgresOptions in(const Schema& schema, std::size_t connections = 2) {
  PostgresOptions options;
  options.url = schema.url();
  options.connections = connections;
  return options;
}

}  // namespace trunkline::store::test

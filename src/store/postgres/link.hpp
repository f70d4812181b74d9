#pragma once

#include "store/postgres/failure.hpp"
#include "store/postgres/values.hpp"

#include <trunkline/base/clock.hpp>

#include <libpq-fe.h>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace trunkline::store::postgres {

struct ClearAnswer {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Answer = std::unique_ptr<PGresult, ClearAnswer>;

/// One step of an exchange.
struct Message {
  enum class Kind : std::uint8_t {
    statement,  ///< `text` with `params`, once
    prepare,    ///< `text` under `name`, for parameters of the types of `params`
    run,        ///< what was prepared under `name`
  };
  Kind kind;
  std::string name;
  std::string text;
  Params params;
};

Message statement(std::string text, std::span<const Value> params = {});

/// What came back for the messages of an exchange: what follows a failure was not done.
struct Reply {
  std::vector<Answer> answers;
  std::optional<Failure> failure;

  /// The last message's answer. Throws the failure, if there is one.
  Answer take_last();
};

/// libpq's connection. Each wait has an end: a server that is frozen keeps its sockets alive and says nothing, and
/// libpq itself waits for it without limit. (libpqxx 6, as Debian has it, offers neither that nor pipelines.)
class Link {
 public:
  /// Blocks for the connect time-out a host at most, and as long as the system takes to look a name up. Throws Failure.
  Link(const std::string& url, milliseconds connect_timeout);

  /// Sends all of `messages` at once: one round trip. `time` is for the whole. Throws Failure when the connection is
  /// lost.
  Reply exchange(std::span<const Message> messages, milliseconds time);
  /// One message. Throws its failure, too.
  Answer ask(const Message& message, milliseconds time);

  /// Several statements without parameters, and no limit of time. Throws Failure.
  void script(const std::string& statements);

  PGTransactionStatusType transaction() const { return PQtransactionStatus(connection_.get()); }
  /// Nothing more can be done here.
  void give_up() { broken_ = true; }
  bool broken() const { return broken_ || PQstatus(connection_.get()) != CONNECTION_OK; }
  int version() const { return PQserverVersion(connection_.get()); }
  /// What the server reports about itself, such as `server_encoding`.
  std::string parameter(const char* name) const;
  /// `TLSv1.3`, or empty.
  std::string tls() const;

 private:
  using Deadline = std::optional<MonoTime>;
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };

  void send(const Message& message);
  void require(bool done);
  Answer next(const Deadline& deadline);
  void wait(const Deadline& deadline);
  [[noreturn]] void fail(const std::string& what);
  std::string last_words();

  std::unique_ptr<PGconn, Finish> connection_;
  bool broken_ = false;
};

/// True when a server answers at `url`, whatever it says: then a connection that failed was refused.
bool server_answers(const std::string& url, milliseconds connect_timeout);

/// Empty when libpq can read `url`; else why not, without anything of the URL, which holds a password.
std::string problem_with(const std::string& url);

}  // namespace trunkline::store::postgres

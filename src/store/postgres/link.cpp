#include "store/postgres/link.hpp"

#include <trunkline/base/text.hpp>

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace trunkline::store::postgres {
namespace {

// The time-out of libpq is in whole seconds, and it takes one for two.
std::string seconds_of(milliseconds time) {
  return std::to_string(std::max<std::int64_t>(2, (time.count() + 999) / 1000));
}

// Later ones override earlier ones: what stands before the URL is our default, what comes after it is a must.
struct Keywords {
  Keywords(const std::string& url, milliseconds connect_timeout) : timeout(seconds_of(connect_timeout)) {
    values = {"20", "5", "4", timeout.c_str(), "trunkline", url.c_str(), "UTF8", nullptr};
  }

  std::string timeout;
  // A dead host is noticed after 40 s even where nothing is waited for. A frozen one answers the kernel's probes.
  static constexpr std::array<const char*, 8> names = {"keepalives_idle",           "keepalives_interval",
                                                       "keepalives_count",          "connect_timeout",
                                                       "fallback_application_name", "dbname",
                                                       "client_encoding",           nullptr};
  std::array<const char*, 8> values{};
};

constexpr int expand_url = 1;
constexpr int most_last_words = 8;  // answers, and the gaps between them

bool is_error(const PGresult* answer) {
  const auto status = PQresultStatus(answer);
  return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE || status == PGRES_PIPELINE_ABORTED;
}

}  // namespace

Message statement(std::string text, std::span<const Value> params) {
  return {Message::Kind::statement, {}, std::move(text), Params(params)};
}

Answer Reply::take_last() {
  if (failure) throw Failure(*failure);
  return std::move(answers.back());
}

Link::Link(const std::string& url, milliseconds connect_timeout) {
  const Keywords keywords(url, connect_timeout);
  connection_.reset(PQconnectdbParams(Keywords::names.data(), keywords.values.data(), expand_url));
  PGconn* connection = connection_.get();
  if (connection == nullptr) throw std::bad_alloc();
  if (PQstatus(connection) != CONNECTION_OK) throw lost(one_line(PQerrorMessage(connection)));
  PQsetNoticeProcessor(connection, [](void*, const char*) {}, nullptr);  // the log is ours
  require(PQsetnonblocking(connection, 1) == 0 && PQenterPipelineMode(connection) == 1);
}

Reply Link::exchange(std::span<const Message> messages, milliseconds time) {
  const Deadline deadline = std::chrono::steady_clock::now() + time;
  for (const Message& message : messages) send(message);
  require(PQpipelineSync(connection_.get()) == 1);

  Reply reply;
  try {
    for (std::size_t i = 0; i < messages.size(); ++i) {
      reply.answers.push_back(next(deadline));
      const PGresult* answer = reply.answers.back().get();
      if (answer == nullptr) fail("the server's answers do not fit what was asked");
      if (is_error(answer) && !reply.failure) reply.failure = failure_of(answer);
      while (next(deadline) != nullptr) {
      }
    }
    next(deadline);  // the end of the pipeline
  } catch (const Failure&) {
    if (!reply.failure) throw;  // else the server has said why it leaves
  }
  return reply;
}

Answer Link::ask(const Message& message, milliseconds time) {
  return exchange({&message, 1}, time).take_last();
}

void Link::script(const std::string& statements) {
  PGconn* connection = connection_.get();
  require(PQexitPipelineMode(connection) == 1 && PQsendQuery(connection, statements.c_str()) == 1);
  std::optional<Failure> failure;
  while (const auto answer = next(std::nullopt)) {
    if (is_error(answer.get()) && !failure) failure = failure_of(answer.get());
  }
  require(PQenterPipelineMode(connection) == 1);
  if (failure) throw Failure(*failure);
}

std::string Link::parameter(const char* name) const {
  const char* value = PQparameterStatus(connection_.get(), name);
  return value == nullptr ? "" : value;
}

std::string Link::tls() const {
  const char* protocol = PQsslInUse(connection_.get()) == 1 ? PQsslAttribute(connection_.get(), "protocol") : nullptr;
  return protocol == nullptr ? "" : protocol;
}

void Link::send(const Message& message) {
  PGconn* connection = connection_.get();
  const auto texts = message.params.texts();
  const int count = message.params.count();
  switch (message.kind) {
    case Message::Kind::statement:
      return require(PQsendQueryParams(connection, message.text.c_str(), count, message.params.types(), texts.data(),
                                       nullptr, nullptr, 0) == 1);
    case Message::Kind::prepare:
      return require(
          PQsendPrepare(connection, message.name.c_str(), message.text.c_str(), count, message.params.types()) == 1);
    case Message::Kind::run:
      return require(PQsendQueryPrepared(connection, message.name.c_str(), count, texts.data(), nullptr, nullptr, 0) ==
                     1);
  }
}

void Link::require(bool done) {
  if (!done) fail(last_words());
}

Answer Link::next(const Deadline& deadline) {
  while (PQisBusy(connection_.get()) == 1) wait(deadline);
  return Answer(PQgetResult(connection_.get()));
}

// Sends what is left to send, too: a server that cannot get rid of its answers takes no more questions.
void Link::wait(const Deadline& deadline) {
  PGconn* connection = connection_.get();
  const int unsent = PQflush(connection);
  require(unsent >= 0 && PQsocket(connection) >= 0);
  pollfd descriptor{PQsocket(connection), static_cast<short>(unsent == 0 ? POLLIN : POLLIN | POLLOUT), 0};
  int left = -1;
  if (deadline) {
    const auto time = std::chrono::ceil<milliseconds>(*deadline - std::chrono::steady_clock::now());
    if (time.count() <= 0) fail("the server did not answer in time");
    left = static_cast<int>(std::min<std::int64_t>(time.count(), 60'000));
  }
  if (::poll(&descriptor, 1, left) < 0 && errno != EINTR) fail("the connection cannot be waited for");
  if ((descriptor.revents & ~POLLOUT) != 0) require(PQconsumeInput(connection) == 1);
}

void Link::fail(const std::string& what) {
  broken_ = true;
  throw lost(what);
}

// The server's own reason, when it has sent one before it left, tells more than that the connection is gone.
std::string Link::last_words() {
  PGconn* connection = connection_.get();
  std::string reason = one_line(PQerrorMessage(connection));
  for (int i = 0; i < most_last_words && PQstatus(connection) == CONNECTION_BAD; ++i) {
    const Answer answer(PQgetResult(connection));
    if (PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE) != nullptr) return failure_of(answer.get()).what();
  }
  return reason;
}

bool server_answers(const std::string& url, milliseconds connect_timeout) {
  const Keywords keywords(url, connect_timeout);
  return PQpingParams(Keywords::names.data(), keywords.values.data(), expand_url) == PQPING_OK;
}

std::string problem_with(const std::string& url) {
  char* message = nullptr;
  PQconninfoOption* options = PQconninfoParse(url.c_str(), &message);
  PQconninfoFree(options);
  if (options != nullptr) return {};
  const std::string reason = message == nullptr ? "out of memory" : message;
  PQfreemem(message);
  return one_line(std::string_view(reason).substr(0, reason.find_first_of("\":")));
}

}  // namespace trunkline::store::postgres

#pragma once

#include <trunkline/store/sql.hpp>

#include <cstdint>
#include <libpq-fe.h>
#include <string>
#include <string_view>

namespace trunkline::store::postgres {

/// What may be done about a failure before the caller is told of it.
enum class Remedy : std::uint8_t {
  none,
  run_again,  ///< the server undid the transaction because of others: the same work may succeed now
  reconnect,  ///< the connection is of no use any more; the work may be run again on another one
};

/// What a statement throws that did not do its work. The transaction is over with it.
class Failure : public SqlFailure {
 public:
  Failure(Kind kind, Remedy remedy, const std::string& what) : SqlFailure(kind, what), remedy_(remedy) {}
  Remedy remedy() const { return remedy_; }

 private:
  Remedy remedy_;
};

/// What the server said. `sqlstate` as in appendix A of the Postgres manual, empty when it is not known.
Failure failure_of(std::string_view sqlstate, const std::string& what);
Failure failure_of(const PGresult* result);

/// libpq's messages come in several lines with tabs.
std::string one_line(std::string_view message);

/// The connection broke, or nothing came in time.
Failure lost(const std::string& what);

/// A statement that no server can run.
SqlFailure misuse(const std::string& what);

}  // namespace trunkline::store::postgres

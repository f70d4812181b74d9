#include "store/postgres/failure.hpp"

#include <trunkline/base/text.hpp>

namespace trunkline::store::postgres {
namespace {

using Kind = SqlFailure::Kind;

struct Meaning {
  std::string_view prefix;  // of the SQLSTATE: two characters are a class
  Kind kind;
  Remedy remedy;
};

/// The first that fits.
constexpr Meaning meanings[] = {
    {"40001", Kind::busy, Remedy::run_again},         // serialization failure
    {"40P01", Kind::busy, Remedy::run_again},         // deadlock
    {"55P03", Kind::busy, Remedy::none},              // lock time-out
    {"57014", Kind::timeout, Remedy::none},           // statement time-out
    {"25006", Kind::read_only, Remedy::reconnect},    // a standby: another host may lead by now
    {"25P03", Kind::unavailable, Remedy::reconnect},  // idle in a transaction for too long
    {"26000", Kind::unavailable, Remedy::reconnect},  // the session's prepared statements are gone
    {"08P01", Kind::other, Remedy::none},             // a message that the server does not understand
    {"08", Kind::unavailable, Remedy::reconnect},     // connection
    {"57P", Kind::unavailable, Remedy::reconnect},    // shutting down, starting, terminated
    {"53100", Kind::full, Remedy::none},              // disk
    {"53", Kind::unavailable, Remedy::none},          // out of memory, too many connections
    {"58", Kind::unavailable, Remedy::none},          // the server's own input and output
    {"22", Kind::value, Remedy::none},                // too long, out of range, not UTF-8
    {"23505", Kind::constraint, Remedy::run_again},   // somebody else stored the same key a moment ago
    {"23", Kind::constraint, Remedy::none},
    {"XX001", Kind::damaged, Remedy::none},
    {"XX002", Kind::damaged, Remedy::none},
};

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string() : std::string(text);
}

// FATAL and PANIC end the session, whatever the reason.
bool ends_session(const PGresult* result) {
  const auto severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  return severity == "FATAL" || severity == "PANIC";
}

// A migration of another node changed a table under a prepared statement.
bool has_stale_plan(const PGresult* result, std::string_view sqlstate) {
  return sqlstate == "0A000" && field(result, PG_DIAG_SOURCE_FUNCTION) == "RevalidateCachedQuery";
}

}  // namespace

Failure failure_of(std::string_view sqlstate, const std::string& what) {
  const std::string text = sqlstate.empty() ? what : std::string(sqlstate) + ": " + what;
  for (const auto& [prefix, kind, remedy] : meanings) {
    if (sqlstate.starts_with(prefix)) return {kind, remedy, text};
  }
  return {Kind::other, Remedy::none, text};
}

Failure failure_of(const PGresult* result) {
  const auto sqlstate = field(result, PG_DIAG_SQLSTATE);
  std::string what = field(result, PG_DIAG_MESSAGE_PRIMARY);
  if (const auto more = field(result, PG_DIAG_MESSAGE_DETAIL); !more.empty()) what += " (" + more + ")";
  if (what.empty()) what = one_line(PQresultErrorMessage(result));
  Failure failure = failure_of(sqlstate, what);
  if (ends_session(result) || has_stale_plan(result, sqlstate)) {
    return {failure.kind() == Kind::other ? Kind::unavailable : failure.kind(), Remedy::reconnect, failure.what()};
  }
  return failure;
}

std::string one_line(std::string_view message) {
  std::string line;
  for (const char c : text::trim(message)) {
    const bool blank = c == '\n' || c == '\t' || c == ' ';
    if (!blank) line += c;
    if (blank && !line.ends_with(' ')) line += ' ';
  }
  return line;
}

Failure lost(const std::string& what) {
  return {Kind::unavailable, Remedy::reconnect, what};
}

SqlFailure misuse(const std::string& what) {
  return {Kind::other, what};
}

}  // namespace trunkline::store::postgres

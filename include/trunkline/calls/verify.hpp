#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/store/sql.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace trunkline::calls {

/// One thing that two places say differently.
struct Difference {
  std::string what;  ///< stable: `call.state`, `event.number`, `log.gap`, ...
  std::string id;    ///< of the call, event, recording or segment; of the log: a place in it
  std::string expected;
  std::string found;  ///< telephone numbers are masked in both
};

/// What a comparison found. Whoever compares something else with the calls adds to it.
struct VerifyReport {
  static constexpr std::size_t max_kept = 1'000;

  std::int64_t calls = 0;
  std::int64_t events = 0;
  std::int64_t recordings = 0;
  std::int64_t segments = 0;
  std::int64_t found = 0;               ///< differences in all
  std::vector<Difference> differences;  ///< the first of them, at most max_kept

  bool agrees() const { return found == 0; }
  void add(Difference difference);
  void add(VerifyReport part);
};

struct VerifyOptions {
  bool calls_were_removed = false;  ///< old ones, so that the log may have gaps
};

/// Compares the log of events with all that follows from it:
/// - the events of a call have the versions 1, 2, ...; folding them gives the state that each event notes, the call's
///   snapshot and its columns;
/// - each event has one place in the log of all calls or waits for it in the outbox, places rise with the versions, and
///   the log has no gap, unless calls were removed;
/// - a recording is settled by the event that says so, a segment of a transcript is in the event that told it, and the
///   other way round.
///
/// Changes nothing, and may run beside gateways: each call is looked at on one unchanging view, and what differs is
/// looked at once more before it is said. Reads in pages: what it
/// holds is bounded by what a hundred calls have. Blocks. Errors: those of Database.
Result<VerifyReport> verify_calls(store::Database& database, VerifyOptions options = {});

}  // namespace trunkline::calls

#include "calls/reaper.hpp"

#include <catch2/catch.hpp>

namespace trunkline::calls {
namespace {

using std::chrono::seconds;

Call call_in(State state) {
  Call call;
  call.state = state;
  call.created_at = from_millis(0);
  return call;
}

std::optional<Closing> after(State state, seconds silence, bool has_media = false) {
  return overdue(call_in(state), from_millis(0), has_media, config::Calls{}, from_millis(0) + silence);
}

TEST_CASE("each live state has its own patience and its own end") {
  const config::Calls limits;
  struct Row {
    State state;
    seconds patience;
    State end;
    std::string_view reason;
  };
  const Row rows[] = {
      {State::initiating, limits.connecting_timeout, State::failed, "timeout-initiating"},
      {State::ringing, limits.ringing_timeout, State::missed, "timeout-ringing"},
      {State::connecting, limits.connecting_timeout, State::failed, "timeout-connecting"},
      {State::connected, limits.connected_timeout, State::ended, "timeout-no-media"},
      {State::reconnecting, limits.connected_timeout, State::ended, "timeout-no-media"},
  };
  for (const Row& row : rows) {
    CHECK_FALSE(after(row.state, row.patience - seconds(1)));
    const auto closing = after(row.state, row.patience);
    REQUIRE(closing);
    CHECK(closing->state == row.end);
    CHECK(closing->reason == row.reason);
  }
}

TEST_CASE("running media keeps a call open, but not for ever") {
  const config::Calls limits;
  CHECK_FALSE(after(State::connected, limits.connected_timeout * 3, true));
  const auto closing = after(State::connected, limits.max_duration, true);
  REQUIRE(closing);
  CHECK(closing->reason == "max-duration");
}

TEST_CASE("a call that is over is left alone") {
  CHECK_FALSE(after(State::missed, std::chrono::hours(100)));
}

}  // namespace
}  // namespace trunkline::calls

#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/retry.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <string>

using namespace trunkline;
using namespace trunkline::providers::acs;
using namespace std::chrono_literals;

namespace {

const MonoTime begin{1h};
constexpr double whole = 1.0;

Outcome answered(int status, std::optional<milliseconds> retry_after = std::nullopt) {
  return {Outcome::Kind::answered, status, retry_after};
}
const Outcome not_sent{Outcome::Kind::not_sent, 0, {}};
const Outcome no_response{Outcome::Kind::no_response, 0, {}};

/// Whether one such outcome is worth a retry.
bool repeats(Repeat repeat, const Outcome& outcome) {
  RetryMachine machine({}, repeat, begin);
  return machine.step(outcome, begin, whole).has_value();
}

std::optional<milliseconds> asked(const std::map<std::string, std::string>& headers) {
  const auto now = text::parse_rfc2822("Fri, 20 Nov 2026 12:00:00 GMT").value();
  const auto header = [&](std::string_view name) {
    const auto found = headers.find(std::string(name));
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
  };
  return read_retry_after(header, now);
}

}  // namespace

TEST_CASE("what passes is tried again three times, each time after twice as long") {
  RetryMachine machine({}, Repeat::keyed, begin);
  CHECK(machine.step(answered(500), begin, whole) == 1s);
  CHECK(machine.step(no_response, begin, whole) == 2s);
  CHECK(machine.step(not_sent, begin, whole) == 4s);
  CHECK_FALSE(machine.step(answered(500), begin, whole));
}

TEST_CASE("waits are spread between half and the whole, and have an upper limit") {
  RetryProfile profile;
  profile.retries = 20;
  profile.total = 1h;
  RetryMachine machine(profile, Repeat::safe, begin);
  CHECK(machine.step(answered(503), begin, 0) == 500ms);
  CHECK(machine.step(answered(503), begin, 0.5) == 1'500ms);
  for (int i = 0; i < 10; ++i) machine.step(answered(503), begin, 0);
  CHECK(machine.step(answered(503), begin, whole) == 64s);
  CHECK(machine.step(answered(503), begin, 0) == 32s);
}

TEST_CASE("some statuses are worth another try, others say the same again") {
  for (const int status : {408, 429, 500, 502, 503, 504, 599}) {
    INFO(status);
    CHECK(repeats(Repeat::keyed, answered(status)));
    CHECK(repeats(Repeat::safe, answered(status)));
  }
  for (const int status : {400, 401, 403, 404, 405, 409, 412, 501, 505}) {
    INFO(status);
    CHECK_FALSE(repeats(Repeat::keyed, answered(status)));
  }
}

TEST_CASE("what may not happen twice is sent again only when it cannot have happened") {
  CHECK(repeats(Repeat::once, not_sent));
  CHECK_FALSE(repeats(Repeat::once, no_response));
  CHECK_FALSE(repeats(Repeat::once, answered(500)));
  CHECK_FALSE(repeats(Repeat::once, answered(429)));
}

TEST_CASE("a busy service says itself how long to wait, and others are not asked") {
  RetryMachine machine({}, Repeat::keyed, begin);
  CHECK(machine.step(answered(429, 30s), begin, whole) == 30s);
  CHECK(machine.step(answered(503, 0ms), begin, whole) == 0ms);
  CHECK(machine.step(answered(500, 30s), begin, whole) == 4s);
}

TEST_CASE("nothing is waited for that would come too late") {
  RetryMachine machine({}, Repeat::keyed, begin);
  CHECK_FALSE(machine.step(answered(429, 90s), begin, whole));
  CHECK(machine.step(answered(429, 29s), begin + 60s, whole) == 29s);
  CHECK_FALSE(machine.step(answered(500), begin + 89s, whole));
  CHECK(machine.time_left(begin + 60s) == 30s);
  CHECK(machine.time_left(begin + 2min) == 0s);
}

TEST_CASE("a ringing call is answered in time or not at all") {
  RetryMachine machine(ringing, Repeat::keyed, begin);
  CHECK(machine.step(answered(500), begin, whole) == 1s);
  CHECK(machine.step(answered(500), begin + 1s, whole) == 2s);
  CHECK(machine.step(answered(500), begin + 3s, whole) == 4s);
  CHECK_FALSE(machine.step(answered(500), begin + 7s, whole));
  // However slow the service is, the last attempt is over before 15 seconds are.
  CHECK(machine.time_left(begin) < 15s);
  CHECK(RetryMachine(brief, Repeat::safe, begin).time_left(begin) < 10s);
}

TEST_CASE("the forms of asking for patience are all understood") {
  CHECK(asked({{"Retry-After", "7"}}) == 7s);
  CHECK(asked({{"Retry-After", "Fri, 20 Nov 2026 12:00:30 GMT"}}) == 30s);
  CHECK(asked({{"Retry-After", "Fri, 20 Nov 2026 11:00:00 GMT"}}) == 0s);
  CHECK(asked({{"retry-after-ms", "1500"}, {"Retry-After", "7"}}) == 1'500ms);
  CHECK(asked({{"x-ms-retry-after-ms", "250"}}) == 250ms);
  CHECK(asked({{"retry-after-ms", "soon"}, {"Retry-After", " 7 "}}) == 7s);
  CHECK(asked({{"Retry-After", "18446744073709551615"}}) == 24h);
  CHECK(asked({{"Retry-After", "Fri, 20 Nov 2099 12:00:30 GMT"}}) == 24h);
  CHECK_FALSE(asked({{"Retry-After", "-1"}}));
  CHECK_FALSE(asked({{"Retry-After", "later"}}));
  CHECK_FALSE(asked({}));
}

#include "events/webhook_policy.hpp"

#include <catch2/catch.hpp>

#include <vector>

namespace trunkline::events::webhooks {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const WallTime start = from_millis(1'800'000'000'000);

Answer answer(int status, WallTime sent_at, std::optional<milliseconds> retry_after = {}) {
  return {status, false, "", retry_after, sent_at};
}

/// One delivery after another, each attempt a moment after it is due.
struct Course {
  Health health;
  Plan plan{0, start, false};
  WallTime now = start;

  Judgement attempt(int status, std::optional<milliseconds> retry_after = {}) {
    const Judgement judgement = judge(health, plan, answer(status, now, retry_after), now, 0);
    plan.attempts = judgement.attempts;
    plan.due = judgement.next_attempt;
    return judgement;
  }
};

TEST_CASE("a delivery is tried ten times over more than three days, then given up") {
  Course course;
  const std::vector<seconds> waits = {seconds(5), minutes(5), minutes(30), hours(2), hours(5),
                                      hours(10),  hours(14),  hours(20),   hours(24)};
  for (const auto wait : waits) {
    const Judgement judgement = course.attempt(500);
    CHECK(judgement.fate == Fate::again);
    CHECK(judgement.next_attempt == course.now + wait);
    course.now = judgement.next_attempt;
  }
  const Judgement last = course.attempt(500);
  CHECK(last.fate == Fate::dead);
  CHECK(last.attempts == 10);
  CHECK(course.now - start > hours(75));
}

TEST_CASE("any 2xx is a success, a redirect and no answer are failures") {
  for (const int status : {200, 201, 204, 299}) CHECK(Course().attempt(status).fate == Fate::delivered);
  for (const int status : {0, 101, 199, 300, 301, 307, 400, 401, 404, 500, 503}) {
    CAPTURE(status);
    CHECK(Course().attempt(status).fate == Fate::again);
  }
}

TEST_CASE("jitter only adds, a tenth at most") {
  Health health;
  const Plan plan{1, start, false};
  CHECK(judge(health, plan, answer(500, start), start, 1).next_attempt == start + minutes(5) + seconds(30));
}

TEST_CASE("410 disables the endpoint and costs the delivery nothing") {
  Course course;
  const Judgement judgement = course.attempt(410);
  CHECK(judgement.gone);
  CHECK(judgement.fate == Fate::again);
  CHECK(judgement.attempts == 0);
  CHECK(judgement.next_attempt == start);
}

TEST_CASE("a test is tried once") {
  Course course;
  course.plan.test = true;
  CHECK(course.attempt(500).fate == Fate::dead);
}

TEST_CASE("what is not kept any more is given up, and says nothing about the endpoint") {
  Health health;
  Answer moot = answer(0, start);
  moot.moot = true;
  CHECK(judge(health, {3, start, false}, moot, start, 0).fate == Fate::dead);
  CHECK(health.failures == 0);
}

TEST_CASE("an endpoint that is well gets as much as may be under way") {
  const Health health;
  CHECK(allowance(health, 0, 16, start).count == 16);
  CHECK(allowance(health, 10, 16, start).count == 6);
  CHECK(allowance(health, 16, 16, start).count == 0);
  CHECK(allowance(health, 20, 16, start).count == 0);
  CHECK_FALSE(opens_at(health, start).has_value());
}

TEST_CASE("after two failures in a row one delivery at a time probes, at growing distances of up to a minute") {
  Course course;
  CHECK_FALSE(course.attempt(500).paused);
  CHECK(allowance(course.health, 0, 16, start).count == 16);
  CHECK(course.attempt(0).paused);
  std::vector<milliseconds> distances;
  for (int i = 0; i < 9; ++i) {
    const auto opens = opens_at(course.health, course.now);
    REQUIRE(opens.has_value());
    distances.push_back(*opens - course.now);
    CHECK(allowance(course.health, 0, 16, *opens - milliseconds(1)).count == 0);
    course.now = *opens;
    const Allowance allowed = allowance(course.health, 0, 16, course.now);
    CHECK(allowed.count == 1);
    CHECK(allowed.probe);
    CHECK(allowance(course.health, 1, 16, course.now).count == 0);
    course.attempt(500);
  }
  CHECK(distances == std::vector<milliseconds>{seconds(1), seconds(2), seconds(4), seconds(8), seconds(16), seconds(32),
                                               seconds(60), seconds(60), seconds(60)});
}

TEST_CASE("one success ends the pause, and says since when everything that failed is due") {
  Course course;
  for (int i = 0; i < 4; ++i) {
    course.attempt(500);
    course.now += seconds(10);
  }
  const Judgement well = course.attempt(200);
  CHECK(well.recovered_since == start);
  CHECK_FALSE(course.health.paused());
  CHECK_FALSE(course.health.failing_since.has_value());
  CHECK(allowance(course.health, 0, 16, course.now).count == 16);
}

TEST_CASE("two failures in a row are no outage: what failed keeps its own time") {
  Course course;
  course.attempt(500);
  course.attempt(500);
  CHECK_FALSE(course.attempt(200).recovered_since.has_value());
  CHECK_FALSE(course.health.paused());
}

TEST_CASE("a receiver that is away for a day costs a delivery fewer attempts than it has") {
  Course course;
  while (course.now < start + hours(24)) {
    REQUIRE(course.attempt(0).fate == Fate::again);
    course.now = opens_at(course.health, course.now).value_or(course.plan.due);
  }
  CHECK(course.plan.attempts == 7);
  CHECK(course.attempt(200).fate == Fate::delivered);
}

TEST_CASE("a probe before a delivery's own time costs it nothing") {
  Health health;
  health.failures = 5;
  const Plan plan{4, start + hours(1), false};
  const Judgement judgement = judge(health, plan, answer(500, start), start, 0);
  CHECK(judgement.attempts == 4);
  CHECK(judgement.next_attempt == plan.due);
  CHECK(health.failures == 6);
}

TEST_CASE("who asks for less is paused at once") {
  for (const int status : {429, 502, 503, 504}) {
    Course course;
    CAPTURE(status);
    CHECK(course.attempt(status).paused);
  }
}

TEST_CASE("Retry-After is kept to, within an hour") {
  Course course;
  course.attempt(429, minutes(10));
  CHECK(opens_at(course.health, start) == start + minutes(10));
  CHECK(allowance(course.health, 0, 16, start + minutes(10) - milliseconds(1)).count == 0);
  CHECK(allowance(course.health, 0, 16, start + minutes(10)).count == 1);
  course.attempt(503, hours(5));
  CHECK(opens_at(course.health, start) == start + hours(1));

  Course other;
  other.attempt(500, minutes(10));
  CHECK_FALSE(opens_at(other.health, start).has_value());
}

TEST_CASE("what was under way when the receiver asked for patience does not end it, what came later does") {
  Health health;
  judge(health, {0, start, false}, answer(503, start, minutes(1)), start + seconds(1), 0);
  judge(health, {0, start, false}, answer(200, start), start + seconds(2), 0);
  CHECK(allowance(health, 0, 16, start + seconds(30)).count == 0);
  CHECK(opens_at(health, start + seconds(2)) == start + seconds(61));
  CHECK(allowance(health, 0, 16, start + seconds(61)).count == 16);
}

TEST_CASE("Retry-After is seconds or a date") {
  CHECK(read_retry_after("120", start) == seconds(120));
  CHECK(read_retry_after(" 0 ", start) == milliseconds(0));
  CHECK(read_retry_after("99999999999999", start) == seconds(1'000'000));
  CHECK(read_retry_after("Fri, 15 Jan 2027 08:01:00 GMT", start) == seconds(60));
  CHECK(read_retry_after("Fri, 15 Jan 2027 07:59:00 GMT", start) == milliseconds(0));
  for (const char* wrong : {"", "soon", "-1", "1.5", "Fri, 15 Jan 2027 08:01:00"}) {
    CAPTURE(wrong);
    CHECK_FALSE(read_retry_after(wrong, start).has_value());
  }
}

}  // namespace
}  // namespace trunkline::events::webhooks

#include "calls/late_events.hpp"

#include "service_fixture.hpp"

#include <future>

namespace trunkline::calls {
namespace {

using namespace test;

LateEventLimits quick() {
  LateEventLimits limits;
  limits.first_wait = milliseconds(1);
  limits.longest_wait = milliseconds(2);
  limits.flush_timeout = milliseconds(200);
  return limits;
}

Event event(int number) {
  Event out;
  out.id = std::to_string(number);
  return out;
}

Error away() {
  return make_error("store_unavailable", "away");
}

TEST_CASE("events are stored in order, also when the store is away for a while, and all before the end") {
  std::vector<std::string> stored;
  int failures = 5;
  {
    LateEvents late(
        [&](std::span<const Event> events) -> Result<std::size_t> {
          if (failures-- > 0) return away();
          for (const Event& each : events) stored.push_back(each.id);
          return std::size_t{0};
        },
        quick());
    for (int i = 0; i < 1000; ++i) late.push(event(i));
  }
  REQUIRE(stored.size() == 1000);
  for (int i = 0; i < 1000; ++i) REQUIRE(stored[static_cast<std::size_t>(i)] == std::to_string(i));
}

TEST_CASE("what does not fit in the queue is dropped and counted") {
  std::promise<void> entered;
  std::promise<void> opened;
  LateEventLimits limits = quick();
  limits.queue = 10;
  std::size_t stored = 0;
  bool first = true;
  {
    LateEvents late(
        [&](std::span<const Event> events) -> Result<std::size_t> {
          if (std::exchange(first, false)) {
            entered.set_value();
            opened.get_future().wait();
          }
          stored += events.size();
          return std::size_t{0};
        },
        limits);
    late.push(event(0));
    entered.get_future().wait();
    for (int i = 1; i <= 15; ++i) late.push(event(i));
    CHECK(late.dropped() == 5);
    opened.set_value();
  }
  CHECK(stored == 11);
}

TEST_CASE("one event that the store refuses does not take the others with it") {
  std::vector<std::string> stored;
  std::promise<void> entered;
  std::promise<void> opened;
  bool first = true;
  std::uint64_t dropped = 0;
  std::promise<void> last;
  {
    LateEvents late(
        [&](std::span<const Event> events) -> Result<std::size_t> {
          if (std::exchange(first, false)) {
            entered.set_value();
            opened.get_future().wait();
          }
          for (const Event& each : events) {
            if (each.id == "2") return make_error("store_failed", "refused");
          }
          for (const Event& each : events) stored.push_back(each.id);
          if (stored.back() == "4") last.set_value();
          return std::size_t{0};
        },
        quick());
    late.push(event(0));
    entered.get_future().wait();
    for (int i = 1; i <= 4; ++i) late.push(event(i));
    opened.set_value();
    last.get_future().wait();
    dropped = late.dropped();
  }
  CHECK(stored == std::vector<std::string>{"0", "1", "3", "4"});
  CHECK(dropped == 1);
}

TEST_CASE("the end does not wait for ever for a store that stays away") {
  std::atomic<int> tries = 0;
  LateEventLimits limits = quick();
  limits.batch = 1;
  const auto before = std::chrono::steady_clock::now();
  {
    LateEvents late(
        [&](std::span<const Event>) -> Result<std::size_t> {
          ++tries;
          return away();
        },
        limits);
    for (int i = 0; i < 100; ++i) late.push(event(i));
    late.stop();
    CHECK(late.dropped() == 100);
    late.push(event(100));
    CHECK(late.dropped() == 101);
  }
  CHECK(tries > 1);
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(5));
}

TEST_CASE("events appended later survive a store that is away, in order") {
  Fixture fixture;
  const std::string id = fixture.arrive("CA1").call_id;
  const auto service = fixture.make_service(fixture.flaky);
  fixture.flaky.fail_writes(3);
  for (int i = 0; i < 20; ++i) {
    service->append_later(id, EventType::dtmf_received, "{\"digit\":\"" + std::to_string(i) + "\"}");
  }
  const auto told = fixture.observer.wait_for(22);
  REQUIRE(told.size() == 22);
  CHECK(fixture.flaky.failures_left() == 0);
  for (std::size_t i = 0; i < 20; ++i) {
    CHECK(told[i + 2].event.data == "{\"digit\":\"" + std::to_string(i) + "\"}");
    CHECK(told[i + 2].event.version == static_cast<std::int64_t>(i) + 3);
  }
  CHECK(service->dropped_events() == 0);
}

TEST_CASE("events for unknown calls and with unfit data are counted, those beside them are stored") {
  Fixture fixture;
  const std::string id = fixture.arrive("CA1").call_id;
  fixture.service->append_later("call_none", EventType::dtmf_received, "{}");
  fixture.service->append_later(id, EventType::dtmf_received, "nonsense");
  fixture.service->append_later(id, EventType::dtmf_received, R"({"digit":"1"})");
  REQUIRE(fixture.observer.wait_for(3).size() == 3);
  CHECK(fixture.service->dropped_events() >= 1);
  fixture.service.reset();
  CHECK(fixture.count("call_events") == 3);
}

TEST_CASE("events that wait are stored when the service ends") {
  Fixture fixture;
  const std::string id = fixture.arrive("CA1").call_id;
  for (int i = 0; i < 500; ++i) fixture.service->append_later(id, EventType::dtmf_received, R"({"digit":"1"})");
  fixture.service.reset();
  CHECK(fixture.count("call_events") == 502);
}

}  // namespace
}  // namespace trunkline::calls

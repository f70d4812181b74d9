#include "events.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <vector>

namespace trunkline::calls {
namespace {

using namespace test;
using Random = std::mt19937;

template <class T>
const T& pick(Random& random, const std::vector<T>& from) {
  return from[std::uniform_int_distribution<std::size_t>(0, from.size() - 1)(random)];
}

int number(Random& random, int low, int high) {
  return std::uniform_int_distribution(low, high)(random);
}

// Some of the caller and two others.
std::string random_roster(Random& random) {
  std::string members;
  for (const char* who :
       {R"({"id":"4:a","address":"+14155550101"})", R"({"id":"4:b","address":"b"})", R"({"id":"4:c","address":"c"})"}) {
    if (number(random, 0, 1) == 0) continue;
    if (!members.empty()) members += ',';
    members += who;
  }
  return R"({"sequence":)" + std::to_string(number(random, 1, 6)) + R"(,"participants":[)" + members + "]}";
}

// Names under which the provider knows the call, of which it may even give two.
std::string random_names(Random& random) {
  if (number(random, 0, 2) != 0) return "";
  return R"(,"names":{"connection":"n)" + std::to_string(number(random, 0, 1)) + R"("})";
}

std::string random_data(Random& random, EventType type) {
  static const std::vector<std::string> statuses = {"INITIATING", "RINGING",  "CONNECTING", "CONNECTED", "RECONNECTING",
                                                    "ENDED",      "FAILED",   "BUSY",       "DECLINED",  "MISSED",
                                                    "CANCELLED",  "NONSENSE", "ENDED",      "CONNECTED"};
  static const std::vector<std::string> ends = {"ENDED", "FAILED", "DECLINED", "MISSED", "CANCELLED", "RINGING"};
  static const std::vector<std::string> authorities = {"gateway", "command", "provider", "nobody"};
  static const std::vector<std::string> routes = {"", "sales", "default"};
  switch (type) {
    case EventType::call_received:
      return R"({"provider":"twilio","providerCallId":"CA1","direction":")" +
             pick<std::string>(random, {"inbound", "outbound"}) + R"(","from":"+1415555010)" +
             std::to_string(number(random, 0, 9)) + R"(","to":"+14155550199","route":")" + pick(random, routes) +
             R"(","metadata":{"k":")" + std::to_string(number(random, 0, 3)) + "\"}" + random_names(random) + "}";
    case EventType::call_status:
      return R"({"status":")" + pick(random, statuses) + R"(","providerStatus":"w)" +
             std::to_string(number(random, 0, 3)) + "\"" +
             (number(random, 0, 2) == 0 ? ",\"duration\":" + std::to_string(number(random, 0, 30)) : "") +
             random_names(random) + "}";
    case EventType::call_closed:
      return R"({"authority":")" + pick(random, authorities) + R"(","reason":"r)" +
             std::to_string(number(random, 0, 3)) + "\"" +
             (number(random, 0, 1) == 0 ? R"(,"state":")" + pick(random, ends) + "\"" : "") + "}";
    case EventType::media_ended:
      return std::string(R"({"cause":"stop","callEnds":)") + pick<std::string>(random, {"true", "false", "0"}) + "}";
    case EventType::participants_changed:
      return random_roster(random);
    default:
      return number(random, 0, 9) == 0 ? "broken" : "{}";
  }
}

// Few moments, so that many events share one.
std::vector<Event> random_events(Random& random) {
  static const std::vector<EventType> types = {
      EventType::call_received,        EventType::call_status,          EventType::call_status,
      EventType::call_status,          EventType::call_closed,          EventType::media_started,
      EventType::media_ended,          EventType::call_reconnecting,    EventType::call_reconnected,
      EventType::participants_changed, EventType::participants_changed, EventType::dtmf_received};
  std::vector<Event> events;
  const int count = number(random, 1, 12);
  for (int i = 0; i < count; ++i) {
    const EventType type = i == 0 ? EventType::call_received : pick(random, types);
    events.push_back(
        make_event("evt_" + std::to_string(i), type, 1000 * number(random, 1, 12), random_data(random, type)));
  }
  events.front().version = 1;
  return events;
}

// Every event at least once, some up to three times more, in any order.
std::vector<Event> shuffled_with_repetitions(Random& random, std::vector<Event> events) {
  const std::vector<Event> originals = events;
  for (int i = number(random, 0, 3 * static_cast<int>(originals.size())); i > 0; --i) {
    events.push_back(pick(random, originals));
  }
  std::shuffle(events.begin(), events.end(), random);
  return events;
}

Call fold_all(const std::vector<Event>& events) {
  Call call;
  call.id = "call_1";
  for (const Event& event : events) apply(call, event);
  return call;
}

TEST_CASE("any order and any repetition of a call's events gives the same call") {
  const unsigned seed = std::random_device{}();
  Random random(seed);
  for (int round = 0; round < 2500; ++round) {
    const auto events = random_events(random);
    const Call expected = fold_all(events);
    const Call actual = fold_all(shuffled_with_repetitions(random, events));
    CAPTURE(seed, round);
    REQUIRE(to_json_text(actual) == to_json_text(expected));
    REQUIRE(to_snapshot(actual) == to_snapshot(expected));
  }
}

TEST_CASE("no order of events moves a call backwards or lets its times contradict each other") {
  const unsigned seed = std::random_device{}();
  Random random(seed);
  for (int round = 0; round < 2000; ++round) {
    CAPTURE(seed, round);
    Call call;
    for (const Event& event : shuffled_with_repetitions(random, random_events(random))) {
      const Call before = call;
      apply(call, event);
      if (is_terminal(before.state)) REQUIRE(is_terminal(call.state));
      if (call.merge.end && before.merge.end && before.merge.end->authority == Authority::provider) {
        REQUIRE(call.merge.end->authority != Authority::gateway);
      }
      REQUIRE(call.merge.live >= before.merge.live);
      REQUIRE(call.ended_at.has_value() == is_terminal(call.state));
      REQUIRE(call.duration_s.has_value() == is_terminal(call.state));
      if (call.connected_at) REQUIRE(call.created_at <= *call.connected_at);
      if (call.ended_at) REQUIRE(call.connected_at.value_or(call.created_at) <= *call.ended_at);
    }
  }
}

TEST_CASE("a call that was stored between two events goes on as if it had stayed in memory") {
  const unsigned seed = std::random_device{}();
  Random random(seed);
  for (int round = 0; round < 500; ++round) {
    const auto events = random_events(random);
    Call stored;
    stored.id = "call_1";
    for (const Event& event : events) {
      const auto read = from_snapshot(to_snapshot(stored));
      REQUIRE(read.has_value());
      stored = *read;
      apply(stored, event);
    }
    CAPTURE(seed, round);
    REQUIRE(to_json_text(stored) == to_json_text(fold_all(events)));
  }
}

}  // namespace
}  // namespace trunkline::calls

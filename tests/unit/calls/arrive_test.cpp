#include "service_fixture.hpp"

#include <nlohmann/json.hpp>

#include <set>
#include <thread>

namespace trunkline::calls {
namespace {

using namespace test;

/// The data of the event that a call begins with, which is no larger than an event may be.
nlohmann::json received(Fixture& fixture, const std::string& call_id) {
  const auto events = run(fixture.service->events_of(call_id, 0, 1));
  REQUIRE(events.has_value());
  CHECK(events->front().type == EventType::call_received);
  CHECK(events->front().data.size() <= 64 * 1024);
  return nlohmann::json::parse(events->front().data);
}

TEST_CASE("a call that arrives is ringing, routed and told of") {
  Fixture fixture;
  const auto admitted = fixture.arrive("CA1");
  const Call call = fixture.find(admitted.call_id);
  CHECK(call.state == State::ringing);
  CHECK(call.provider_call_id == "CA1");
  CHECK(call.from == "+14155550100");
  CHECK(call.route == "default");
  CHECK(call.version == 2);
  CHECK(call.created_at == fixture.clock.wall());
  CHECK(admitted.token.size() == 32);

  const auto told = fixture.observer.told();
  REQUIRE(told.size() == 2);
  CHECK(told[0].event.type == EventType::call_received);
  CHECK_FALSE(told[0].previous);
  CHECK(told[1].event.type == EventType::call_status);
  CHECK(told[1].previous == State::initiating);
  CHECK(told[1].state == State::ringing);
  CHECK(fixture.count("outbox") == 2);
}

TEST_CASE("the same request again gets the same answer and changes nothing") {
  Fixture fixture;
  const auto first = fixture.arrive("CA1");
  fixture.clock.advance(milliseconds(10));
  const auto second = fixture.arrive("CA1");
  CHECK(second.call_id == first.call_id);
  CHECK(second.token == first.token);
  CHECK(fixture.find(first.call_id).version == 2);
  CHECK(fixture.observer.told().size() == 2);
}

TEST_CASE("an answer is given again as it was: status, content type and body") {
  Fixture fixture;
  const auto answering = [](int status, std::string type, std::string body) {
    return [=](const CallService::Admission&) { return StoredAnswer{status, type, body, {}}; };
  };
  const auto key = GENERATE("the same", "another");
  const auto first =
      run(fixture.service->arrive(Fixture::arrival("CA1", "the same"), answering(201, "text/plain", "first"))).value();
  CHECK_FALSE(first.repeated);
  const auto again =
      run(fixture.service->arrive(Fixture::arrival("CA1", key), answering(200, "text/xml", "second"))).value();
  CHECK(again.status == 201);
  CHECK(again.content_type == "text/plain");
  CHECK(again.body == "first");
  CHECK(again.repeated);
}

TEST_CASE("another request about the same call gets the answer of the first") {
  Fixture fixture;
  const auto first = fixture.arrive(Fixture::arrival("CA1", "token-1"));
  const auto second = fixture.arrive(Fixture::arrival("CA1", "token-2"));
  CHECK(second.token == first.token);
  CHECK(fixture.count("calls") == 1);
  CHECK(fixture.count("media_tokens") == 1);
}

TEST_CASE("one call arriving on many threads at once is one call with one answer") {
  Fixture fixture;
  constexpr int threads = 8;
  std::vector<std::string> bodies(threads);
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      const auto key = i % 2 == 0 ? "same" : "other-" + std::to_string(i);
      const auto answer = run(fixture.service->arrive(Fixture::arrival("CA1", key), Fixture::render));
      if (answer) bodies[static_cast<std::size_t>(i)] = answer->body;
    });
  }
  for (auto& thread : running) thread.join();
  CHECK(std::set<std::string>(bodies.begin(), bodies.end()).size() == 1);
  CHECK_FALSE(bodies[0].empty());
  CHECK(fixture.count("calls") == 1);
  CHECK(fixture.count("call_events") == 2);
  CHECK(fixture.observer.told().size() == 2);
}

TEST_CASE("a route that rejects declines the call and gives no media token") {
  Fixture fixture;
  Arrival unwanted = Fixture::arrival("CA1");
  unwanted.to = "+14155550000";
  const auto admitted = fixture.arrive(unwanted);
  CHECK(admitted.token.empty());
  CHECK(fixture.count("media_tokens") == 0);
  const Call call = fixture.find(admitted.call_id);
  CHECK(call.state == State::declined);
  CHECK(call.end_reason == "busy");

  REQUIRE(fixture.report("CA1", "s1", State::busy).has_value());
  CHECK(fixture.find(admitted.call_id).state == State::declined);
}

TEST_CASE("a call that was first heard of in a callback gets its route when it arrives") {
  Fixture fixture;
  REQUIRE(fixture.report("CA1", "s1", State::ringing).has_value());
  const auto known = run(fixture.service->find_by_provider_id("twilio", "CA1"));
  REQUIRE(known.has_value());
  CHECK(known->route.empty());

  Arrival arrival = Fixture::arrival("CA1");
  arrival.metadata = {{"FromCity", "Oslo"}};
  const auto admitted = fixture.arrive(arrival);
  CHECK(admitted.call_id == known->id);
  CHECK_FALSE(admitted.token.empty());
  const Call call = fixture.find(known->id);
  CHECK(call.route == "default");
  CHECK(call.metadata.at("FromCity") == "Oslo");
}

TEST_CASE("metadata is bounded in entries, names and values") {
  Fixture fixture;
  Arrival arrival = Fixture::arrival("CA1");
  arrival.metadata["a-long"] = std::string(4095, 'x') + "\xc3\xa9";  // the last character would be cut in two
  arrival.metadata["a-broken"] = "caf\xe9";
  arrival.metadata["b" + std::string(200, 'n')] = "name too long";
  for (int i = 0; i < 100; ++i) arrival.metadata["c" + std::to_string(i)] = "v";
  const Call call = fixture.find(fixture.arrive(arrival).call_id);
  CHECK(call.metadata.size() == 64);
  CHECK(call.metadata.at("a-long") == std::string(4095, 'x'));
  CHECK(call.metadata.at("a-broken") == "caf\xef\xbf\xbd");
  CHECK(call.metadata.count("b" + std::string(200, 'n')) == 0);
  CHECK(received(fixture, call.id)["parametersDropped"] == 103 - 64);
}

TEST_CASE("what a call arrives with fits into an event, as text, and what does not is counted") {
  Fixture fixture;
  Arrival arrival = Fixture::arrival("CA1");
  SECTION("values of full length") {
    for (int i = 10; i < 74; ++i) arrival.metadata["p" + std::to_string(i)] = std::string(4096, 'x');
    const Call call = fixture.find(fixture.arrive(arrival).call_id);
    CHECK(call.metadata.size() == 15);  // of 4105 bytes each
    CHECK(received(fixture, call.id)["parametersDropped"] == 64 - 15);
  }
  SECTION("values that grow when they are escaped") {
    for (int i = 10; i < 30; ++i) arrival.metadata["p" + std::to_string(i)] = std::string(2000, '\x01');
    const Call call = fixture.find(fixture.arrive(arrival).call_id);
    CHECK(call.metadata.size() == 5);  // of 12,009 bytes each
    CHECK(received(fixture, call.id)["parametersDropped"] == 15);
  }
  SECTION("what is small is kept beside what is too much") {
    for (int i = 10; i < 30; ++i) arrival.metadata["p" + std::to_string(i)] = std::string(4096, 'x');
    arrival.metadata["small"] = "kept";
    const Call call = fixture.find(fixture.arrive(arrival).call_id);
    CHECK(call.metadata.at("small") == "kept");
  }
  SECTION("all of it, and nothing is said") {
    arrival.metadata["small"] = "kept";
    const Call call = fixture.find(fixture.arrive(arrival).call_id);
    CHECK_FALSE(received(fixture, call.id).contains("parametersDropped"));
  }
}

TEST_CASE("an answer that cannot be made leaves no trace") {
  Fixture fixture;
  const auto failing = [](const CallService::Admission&) -> StoredAnswer { throw std::runtime_error("too large"); };
  const auto answer = run(fixture.service->arrive(Fixture::arrival("CA1"), failing));
  REQUIRE(answer.has_error());
  CHECK(fixture.count("calls") == 0);
  CHECK(fixture.count("inbox") == 0);
  CHECK(fixture.observer.told().empty());
  CHECK_FALSE(fixture.arrive("CA1").token.empty());
}

TEST_CASE("while the store is away nothing is accepted, and nobody is told of anything") {
  Fixture fixture;
  const auto service = fixture.make_service(fixture.flaky);
  fixture.flaky.fail_writes(1);
  const auto refused = run(service->arrive(Fixture::arrival("CA1"), Fixture::render));
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == "store_unavailable");
  CHECK(fixture.observer.told().empty());
  CHECK(run(service->arrive(Fixture::arrival("CA1"), Fixture::render)).has_value());
  CHECK(fixture.observer.told().size() == 2);
}

TEST_CASE("everything accepted is there when the database is opened again") {
  Fixture fixture;
  const auto admitted = fixture.arrive("CA1");
  REQUIRE(fixture.report("CA1", "s1", State::connected).has_value());
  const std::string before = to_json_text(fixture.find(admitted.call_id));

  fixture.service.reset();
  fixture.database.reset();
  fixture.database = fixture.home.open();
  fixture.service = fixture.make_service(*fixture.database);
  CHECK(to_json_text(fixture.find(admitted.call_id)) == before);
  CHECK(fixture.arrive("CA1").token == admitted.token);
  const auto events = run(fixture.service->events_of(admitted.call_id, 0, 100));
  REQUIRE(events.has_value());
  Call replayed;
  replayed.id = admitted.call_id;
  for (const Event& event : *events) apply(replayed, event);
  CHECK(to_json_text(replayed) == before);
}

}  // namespace
}  // namespace trunkline::calls

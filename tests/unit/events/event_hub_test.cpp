#include "support/fake_socket.hpp"
#include "unit/calls/service_fixture.hpp"

#include <trunkline/events/event_hub.hpp>
#include <trunkline/store/memory_live.hpp>

#include <catch2/catch.hpp>

#include <deque>
#include <numeric>

namespace trunkline::events {
namespace {

using calls::EventType;
using test::FakeSocket;
using Seqs = std::vector<std::int64_t>;

/// A hub over a call service of its own; its loop turns on the test's thread.
struct HubFixture {
  net::Worker worker{0};  // outlives the database, whose threads answer to it
  calls::test::Fixture calls;
  std::unique_ptr<store::LiveStore> live = store::make_memory_live(worker.context(), calls.clock);
  EventHub hub{*calls.service, *live, worker};

  HubFixture() { calls.service->observe(hub); }

  struct Subscriber {
    FakeSocket socket;
    std::shared_ptr<net::WebSocketHandler> handler;
  };
  std::deque<Subscriber> subscribers;

  Subscriber& subscribe(Subscription subscription = {}, std::size_t room = 1'000) {
    auto& added = subscribers.emplace_back(FakeSocket(worker), hub.subscriber(std::move(subscription)));
    added.socket.room = room;
    added.handler->on_open(added.socket);
    return added;
  }
  FakeSocket& listen(Subscription subscription = {}, std::size_t room = 1'000) {
    return subscribe(std::move(subscription), room).socket;
  }
  ~HubFixture() {
    for (auto& subscriber : subscribers) subscriber.handler->on_close({});
  }

  /// One more event of a call.
  void press(const std::string& call_id, const std::string& digit) {
    const auto data = R"({"digit":")" + digit + "\"}";
    REQUIRE(calls::test::run(calls.service->append(call_id, EventType::dtmf_received, data)).has_value());
  }
  void turn_until_sent(const FakeSocket& socket, std::size_t count) {
    test::turn_until(worker, [&] { return socket.sent.size() >= count; });
  }
  void turn_until_relayed() {
    test::turn_until(worker, [&] { return calls.count("outbox") == 0; });
  }
};

TEST_CASE("a subscriber sees events as they are committed, in the order of the log") {
  HubFixture fixture;
  fixture.hub.start();
  FakeSocket& socket = fixture.listen();
  const auto call_id = fixture.calls.arrive("CA1").call_id;
  fixture.turn_until_sent(socket, 2);
  fixture.press(call_id, "5");
  fixture.turn_until_sent(socket, 3);

  CHECK(socket.seqs() == Seqs{1, 2, 3});
  CHECK(socket.sent[0]["type"] == "call.received");
  CHECK(socket.sent[2]["callId"] == call_id);
  CHECK(socket.sent[2]["data"] == nlohmann::json{{"digit", "5"}});
  fixture.turn_until_relayed();
}

TEST_CASE("what an earlier run left in the outbox goes out at the start") {
  HubFixture fixture;
  fixture.calls.arrive("CA1");
  FakeSocket& socket = fixture.listen();
  fixture.hub.start();
  fixture.turn_until_sent(socket, 2);
  CHECK(socket.seqs() == Seqs{1, 2});
}

TEST_CASE("who resumes gets what it missed and then what happens, each once") {
  HubFixture fixture;
  fixture.hub.start();
  const auto call_id = fixture.calls.arrive("CA1").call_id;
  for (int i = 0; i < 3; ++i) fixture.press(call_id, "1");
  fixture.turn_until_relayed();

  SECTION("with events while it reads the log") {
    FakeSocket& socket = fixture.listen({.after = 2, .call_id = {}, .types = {}});
    fixture.press(call_id, "2");
    fixture.turn_until_sent(socket, 4);
    fixture.press(call_id, "3");
    fixture.turn_until_sent(socket, 5);
    CHECK(socket.seqs() == Seqs{3, 4, 5, 6, 7});
  }
  SECTION("from the end of the log") {
    FakeSocket& socket = fixture.listen({.after = 5, .call_id = {}, .types = {}});
    fixture.press(call_id, "2");
    fixture.turn_until_sent(socket, 1);
    CHECK(socket.seqs() == Seqs{6});
  }
  SECTION("from before the first event, beyond a page of the log") {
    for (int i = 0; i < 600; ++i) fixture.calls.service->append_later(call_id, EventType::dtmf_received, "{}");
    fixture.calls.observer.wait_for(605);
    FakeSocket& socket = fixture.listen({.after = 0, .call_id = {}, .types = {}});
    fixture.turn_until_sent(socket, 605);
    Seqs expected(605);
    std::iota(expected.begin(), expected.end(), 1);
    CHECK(socket.seqs() == expected);
  }
}

TEST_CASE("who resumes one call gets what it missed of that call and then what happens there, each once") {
  HubFixture fixture;
  fixture.hub.start();
  const auto one = fixture.calls.arrive("CA1").call_id;
  const auto two = fixture.calls.arrive("CA2").call_id;
  for (int i = 0; i < 600; ++i) {
    for (const auto& call_id : {one, two}) {
      fixture.calls.service->append_later(call_id, EventType::dtmf_received, "{}");
    }
  }
  fixture.calls.observer.wait_for(1'204);
  FakeSocket& socket = fixture.listen({.after = 1, .call_id = one, .types = {}});
  fixture.turn_until_sent(socket, 601);
  fixture.press(two, "1");
  fixture.press(one, "2");
  fixture.turn_until_sent(socket, 602);

  Seqs expected{2};  // the call's second event; the other call's are 3 and 4
  for (std::int64_t seq = 5; seq < 1'204; seq += 2) expected.push_back(seq);
  expected.push_back(1'206);
  CHECK(socket.seqs() == expected);
}

TEST_CASE("who reads too slowly is closed and told where to resume; the others go on") {
  HubFixture fixture;
  fixture.hub.start();
  FakeSocket& slow = fixture.listen({}, 2);
  FakeSocket& quick = fixture.listen();
  const auto call_id = fixture.calls.arrive("CA1").call_id;
  fixture.turn_until_sent(quick, 2);
  CHECK(slow.closed.empty());
  fixture.press(call_id, "1");
  fixture.turn_until_sent(quick, 3);
  test::turn_until(fixture.worker, [&] { return !slow.closed.empty(); });

  CHECK(slow.closed.front().code == net::CloseCode::try_again_later);
  CHECK_THAT(slow.closed.front().reason, Catch::Contains("after=2"));
  slow.room = 1'000;
  fixture.press(call_id, "2");
  fixture.turn_until_sent(quick, 4);
  fixture.turn_until_relayed();
  CHECK(slow.seqs() == Seqs{1, 2});  // nothing after what was left out
  CHECK(slow.closed.size() == 1);
  FakeSocket& resumed = fixture.listen({.after = 2, .call_id = {}, .types = {}});
  fixture.turn_until_sent(resumed, 2);
  CHECK(resumed.seqs() == Seqs{3, 4});
}

TEST_CASE("who resumes sets the pace: the log waits until what was sent is read") {
  HubFixture fixture;
  fixture.hub.start();
  const auto call_id = fixture.calls.arrive("CA1").call_id;
  fixture.turn_until_relayed();
  FakeSocket& busy = fixture.listen({.after = 0, .call_id = {}, .types = {}});
  busy.unsent = 1'000'000;
  test::turn_until(fixture.worker, [&] { return busy.flushes >= 3; });
  CHECK(busy.sent.empty());
  CHECK(busy.closed.empty());
  fixture.press(call_id, "1");
  fixture.turn_until_relayed();
  busy.unsent = 0;
  fixture.turn_until_sent(busy, 3);
  CHECK(busy.seqs() == Seqs{1, 2, 3});
}

TEST_CASE("a subscriber sees the call and the types that it asked for") {
  HubFixture fixture;
  fixture.hub.start();
  const auto one = fixture.calls.arrive("CA1").call_id;
  const auto two = fixture.calls.arrive("CA2").call_id;
  fixture.turn_until_relayed();
  FakeSocket& all = fixture.listen();
  FakeSocket& of_one = fixture.listen({.after = {}, .call_id = one, .types = {}});
  FakeSocket& transcripts = fixture.listen({.after = {}, .call_id = {}, .types = {"transcript.*"}});
  fixture.press(one, "1");
  fixture.press(two, "2");
  fixture.turn_until_sent(all, 2);
  fixture.hub.publish_live(two, "transcript.interim", fixture.calls.clock.wall(), R"({"text":"hel"})");
  fixture.turn_until_sent(all, 3);
  fixture.turn_until_sent(transcripts, 1);

  CHECK(of_one.seqs() == Seqs{5});
  CHECK(transcripts.sent.front()["data"] == nlohmann::json{{"text", "hel"}});
  CHECK_FALSE(transcripts.sent.front().contains("seq"));  // live only: there is no place to resume behind it
  CHECK(all.seqs() == Seqs{5, 6, 0});
}

TEST_CASE("an event is wanted while someone listens who would see it") {
  HubFixture fixture;
  const auto wanted = [&](const char* call_id) { return fixture.hub.wanted(call_id, "transcript.interim"); };
  CHECK_FALSE(wanted("call_1"));
  fixture.listen({.after = {}, .call_id = {}, .types = {"call.*", "transcript.segment"}});
  CHECK_FALSE(wanted("call_1"));
  auto& one = fixture.subscribe({.after = {}, .call_id = "call_1", .types = {"transcript.*"}});
  CHECK(wanted("call_1"));
  CHECK_FALSE(wanted("call_2"));
  one.handler->on_close({});
  CHECK_FALSE(wanted("call_1"));
  fixture.listen();
  CHECK(wanted("call_2"));
}

TEST_CASE("who has left is sent nothing more") {
  HubFixture fixture;
  fixture.hub.start();
  auto& gone = fixture.subscribe();
  FakeSocket& socket = fixture.listen();
  gone.handler->on_close({});
  fixture.calls.arrive("CA1");
  fixture.turn_until_sent(socket, 2);
  CHECK(gone.socket.sent.empty());
}

}  // namespace
}  // namespace trunkline::events

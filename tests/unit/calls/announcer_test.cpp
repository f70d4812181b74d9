#include "calls/announcer.hpp"

#include "service_fixture.hpp"

#include <map>
#include <thread>

namespace trunkline::calls {
namespace {

using namespace test;

std::vector<Committed> batch(std::int64_t seq) {
  Committed committed;
  committed.event.seq = seq;
  return {committed};
}

std::vector<std::int64_t> seqs(const KeepingObserver& observer) {
  std::vector<std::int64_t> out;
  for (const auto& told : observer.told()) out.push_back(told.event.seq);
  return out;
}

using Seqs = std::vector<std::int64_t>;

TEST_CASE("transactions are announced in their order, whichever is heard of first") {
  Announcer announcer;
  KeepingObserver observer;
  announcer.observe(observer);
  Announcer::Place one(announcer);
  Announcer::Place two(announcer);
  Announcer::Place three(announcer);
  one.take(batch(1));
  two.take(batch(2));
  three.take(batch(3));
  two.settle(true);
  three.settle(true);
  CHECK(seqs(observer).empty());
  one.settle(true);
  CHECK(seqs(observer) == Seqs{1, 2, 3});
}

TEST_CASE("a transaction that failed or was forgotten is not announced and holds up nobody") {
  Announcer announcer;
  KeepingObserver observer;
  announcer.observe(observer);
  Announcer::Place three(announcer);
  {
    Announcer::Place forgotten(announcer);
    Announcer::Place failed(announcer);
    forgotten.take(batch(1));
    failed.take(batch(2));
    three.take(batch(3));
    failed.settle(false);
    three.settle(true);
    CHECK(seqs(observer).empty());
  }
  CHECK(seqs(observer) == Seqs{3});
}

TEST_CASE("a transaction that is tried again is announced once, at its last place") {
  Announcer announcer;
  KeepingObserver observer;
  announcer.observe(observer);
  Announcer::Place again(announcer);
  Announcer::Place other(announcer);
  again.take(batch(1));
  other.take(batch(2));
  again.take(batch(3));
  again.settle(true);
  other.settle(true);
  CHECK(seqs(observer) == Seqs{2, 3});
}

TEST_CASE("observers hear of each call's events in order while many threads append") {
  Fixture fixture;
  const std::string ids[] = {fixture.arrive("CA1").call_id, fixture.arrive("CA2").call_id};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) {
        (void)run(fixture.service->append(ids[n % 2], EventType::dtmf_received, "{}"));
        fixture.service->append_later(ids[n % 2], EventType::dtmf_received, "{}");
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const auto told = fixture.observer.wait_for(404);
  REQUIRE(told.size() == 404);
  std::map<std::string, std::int64_t> versions;
  for (const auto& event : told) REQUIRE(event.event.version == ++versions[event.event.call_id]);
}

}  // namespace
}  // namespace trunkline::calls

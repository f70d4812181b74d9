#include "unit/calls/service_fixture.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <map>
#include <thread>
#include <vector>

namespace trunkline::calls {
namespace {

using test::run;

struct LogFixture : test::Fixture {
  LogEnd number() { return run(service->number_events()).value(); }
};

TEST_CASE_METHOD(LogFixture, "stored events get their places in the log in one go, and only once") {
  CHECK(run(service->log_end()).value().seq == 0);
  arrive("CA1");
  arrive("CA2");
  CHECK(run(service->log_end()).value().more);
  CHECK(number().seq == 4);
  CHECK(count("outbox") == 0);
  CHECK_FALSE(run(service->log_end()).value().more);
  CHECK(number().seq == 4);
  CHECK(count("event_log") == 4);
}

TEST_CASE_METHOD(LogFixture, "more events than one turn takes are numbered by the next ones") {
  const auto id = arrive("CA1").call_id;
  for (int i = 0; i < 1'500; ++i) service->append_later(id, EventType::dtmf_received, "{}");
  observer.wait_for(1'502);
  const auto first = number();
  CHECK(first.seq == 1'000);
  CHECK(first.more);
  const auto second = number();
  CHECK(second.seq == 1'502);
  CHECK_FALSE(second.more);
}

/// Reads the log while it grows, as a subscriber does.
class Follower {
 public:
  explicit Follower(CallService& service) : service_(service) {}

  void read_on() {
    const auto page = run(service_.events_after(seen_, 100));
    REQUIRE(page.has_value());
    for (const Event& event : *page) {
      REQUIRE(event.seq == ++seen_);
      REQUIRE(event.version == ++versions_[event.call_id]);
    }
  }
  std::int64_t seen() const { return seen_; }

 private:
  CallService& service_;
  std::int64_t seen_ = 0;
  std::map<std::string, std::int64_t> versions_;
};

TEST_CASE_METHOD(LogFixture, "who follows the log while many write and number misses nothing, each call in its order") {
  std::vector<std::string> call_ids;
  for (int i = 0; i < 4; ++i) call_ids.push_back(arrive("CA" + std::to_string(i)).call_id);
  std::atomic<int> writing = 3;
  std::vector<std::thread> threads;
  for (int writer = 0; writer < 3; ++writer) {
    threads.emplace_back([&, writer] {
      for (std::size_t n = 0; n < 60; ++n) {
        const auto& id = call_ids[(n + static_cast<std::size_t>(writer)) % call_ids.size()];
        (void)run(service->append(id, EventType::dtmf_received, "{}"));
        if (n % 5 == 0) (void)run(service->number_events());
      }
      --writing;
    });
  }
  Follower follower(*service);
  while (writing > 0) follower.read_on();
  for (auto& thread : threads) thread.join();
  number();
  while (follower.seen() < 188) follower.read_on();
  CHECK(count("event_log") == 188);
}

}  // namespace
}  // namespace trunkline::calls

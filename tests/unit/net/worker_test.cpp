#include "unit/net/events.hpp"

#include <trunkline/net/worker.hpp>

#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include <future>
#include <memory>
#include <set>

using namespace trunkline;
using namespace trunkline::net;
using namespace trunkline::test;

namespace {

class Counting final : public Ticking {
 public:
  explicit Counting(Events& events, std::string name) : events_(events), name_(std::move(name)) {}
  void on_tick(MonoTime) override { events_.push(name_); }

 private:
  Events& events_;
  std::string name_;
};

// Leaves the list in the middle of a tick.
class Leaving final : public Ticking {
 public:
  explicit Leaving(Events& events) : events_(events) {}
  void on_tick(MonoTime) override {
    events_.push("leaving");
    unlink();
  }

 private:
  Events& events_;
};

}  // namespace

TEST_CASE("a tick reaches everything that asked for it, until it leaves") {
  Events events;
  Counting first(events, "first");
  Leaving leaving(events);
  Counting last(events, "last");
  Worker worker(0);
  asio::post(worker.context(), [&] {
    worker.add(first);
    worker.add(leaving);
    worker.add(last);
  });
  worker.start();
  for (const char* event : {"first", "leaving", "last", "first", "last"}) CHECK(events.next() == event);
}

TEST_CASE("a loop that hangs shows, while it hangs and after") {
  Worker worker(0);
  CHECK(worker.lag() == milliseconds{0});
  std::promise<void> release;
  asio::post(worker.context(), [waiting = release.get_future()] { waiting.wait(); });
  worker.start();
  const auto before = worker.last_turn();
  CHECK(eventually([&] { return std::chrono::steady_clock::now() - before > milliseconds{900}; }));
  CHECK(worker.last_turn() == before);
  release.set_value();
  CHECK(eventually([&] { return worker.last_turn() > before; }));
  CHECK(worker.lag() >= milliseconds{200});
}

TEST_CASE("workers are dealt in turn") {
  Workers workers(3);
  CHECK(workers.size() == 3);
  std::set<std::size_t> dealt;
  for (int i = 0; i < 3; ++i) dealt.insert(workers.next().index());
  CHECK(dealt == std::set<std::size_t>{0, 1, 2});
  CHECK(Workers(0).size() >= 1);
}

TEST_CASE("what a stopped worker still owned is destroyed with it") {
  auto owned = std::make_shared<int>(0);
  const std::weak_ptr<int> watched = owned;
  {
    Workers workers(1);
    workers.start();
    workers.stop();
    asio::post(workers.at(0).context(), [owned = std::move(owned)] {});
    CHECK_FALSE(watched.expired());
  }
  CHECK(watched.expired());
}

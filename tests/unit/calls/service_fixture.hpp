#pragma once

#include "support/any_database.hpp"
#include "support/manual_clock.hpp"
#include "support/scratch.hpp"
#include "support/wrapped_database.hpp"

#include <trunkline/base/ids.hpp>
#include <trunkline/calls/call_service.hpp>
#include <trunkline/calls/fold.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

namespace trunkline::calls::test {

/// Runs one coroutine to its end on the calling thread.
template <class T>
T run(asio::awaitable<T> task) {
  asio::io_context loop;
  auto answer = asio::co_spawn(loop, std::move(task), asio::use_future);
  loop.run();
  return answer.get();
}

/// A database that is away as often as a test says.
class FlakyDatabase final : public store::test::WrappedDatabase {
 public:
  using WrappedDatabase::WrappedDatabase;

  void fail_writes(int times) { failures_ = times; }
  int failures_left() const { return failures_; }
  /// The read of that number fails, from now on and counted from 1.
  void fail_read(int number) { reads_left_ = number; }

 private:
  void submit(Access access, std::function<Result<>(store::Sql&)> work, std::function<void(Result<>)> done) override {
    const bool fails = access == Access::read ? reads_left_ > 0 && --reads_left_ == 0 : failures_ > 0;
    if (fails && access == Access::write) --failures_;
    if (fails) return done(make_error("store_unavailable", "the database cannot be reached; try again later"));
    done(pass(access, std::move(work)));
  }

  std::atomic<int> failures_ = 0;
  std::atomic<int> reads_left_ = 0;  // until one fails
};

/// Keeps what it is told.
class KeepingObserver final : public EventObserver {
 public:
  struct Told {
    Event event;
    State state;
    std::optional<State> previous;
  };

  void on_committed(const Event& event, const Call& call, std::optional<State> previous) override {
    const std::lock_guard lock(mutex_);
    told_.push_back({event, call.state, previous});
    wake_.notify_all();
  }
  std::vector<Told> told() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  /// All of them once there are `count`; gives up after ten seconds.
  std::vector<Told> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, std::chrono::seconds(10), [&] { return told_.size() >= count; });
    return told_;
  }
  /// The call's first event of a type, once it is there; an empty one after ten seconds.
  Event wait_for(const std::string& call_id, EventType type) {
    std::unique_lock lock(mutex_);
    auto found = told_.end();
    wake_.wait_for(lock, std::chrono::seconds(10), [&] {
      found = std::ranges::find_if(
          told_, [&](const Told& told) { return told.event.call_id == call_id && told.event.type == type; });
      return found != told_.end();
    });
    return found == told_.end() ? Event() : found->event;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Told> told_;
};

inline config::Route named(std::string name, std::string to) {
  config::Route route;
  route.name = std::move(name);
  route.to = std::move(to);
  return route;
}

inline std::vector<config::Route> test_routes() {
  config::Route unwanted = named("unwanted", "+14155550000");
  unwanted.reject = "busy";
  config::Route silent = named("silent", "+14155550001");
  silent.record = false;
  return {unwanted, silent};
}

/// A call service on a database of its own, on each driver in turn.
struct Fixture {
  explicit Fixture(store::test::Drivers drivers = store::test::Drivers::all) : home(drivers) {}

  store::test::AnyDatabase home;
  store::test::TemporaryFolder folder;
  trunkline::test::ManualClock clock;
  std::unique_ptr<Ids> ids = make_ids(clock);
  Routing routing{test_routes()};
  std::unique_ptr<store::Database> database = home.open();
  FlakyDatabase flaky{*database};
  KeepingObserver observer;
  std::unique_ptr<CallService> service = make_service(*database);

  std::unique_ptr<CallService> make_service(store::Database& on) {
    auto made = std::make_unique<CallService>(on, routing, clock, *ids, "node_1");
    made->observe(observer);
    return made;
  }

  static Arrival arrival(const std::string& sid, std::string key = {}) {
    Arrival out;
    out.inbox_key = key.empty() ? "voice/" + sid : std::move(key);
    out.provider = "twilio";
    out.provider_call_id = sid;
    out.from = "+14155550100";
    out.to = "+14155550199";
    return out;
  }

  /// The answer's body is the call's id and its media token.
  static StoredAnswer render(const CallService::Admission& admission) {
    return {200, "text/xml", admission.call.id + " " + admission.media_token, {}};
  }

  struct Admitted {
    std::string call_id;
    std::string token;
  };
  Admitted arrive(const Arrival& call) {
    const auto answer = run(service->arrive(call, render));
    REQUIRE(answer.has_value());
    const auto blank = answer->body.find(' ');
    return {answer->body.substr(0, blank), answer->body.substr(blank + 1)};
  }
  Admitted arrive(const std::string& sid) { return arrive(arrival(sid)); }

  Result<Updated> report(const std::string& sid, const std::string& key, State state, std::string_view more = "") {
    StatusUpdate update;
    update.inbox_key = key;
    update.provider = "twilio";
    update.provider_call_id = sid;
    update.from = "+14155550100";
    update.to = "+14155550199";
    update.at = clock.wall();
    update.data = R"({"status":")" + std::string(to_string(state)) + "\"" + std::string(more) + "}";
    return run(service->update(update));
  }

  Call find(const std::string& call_id) {
    auto call = run(service->find(call_id));
    REQUIRE(call.has_value());
    return *call;
  }

  std::int64_t count(const std::string& table) {
    return store::test::integer_of(*database, "SELECT COUNT(*) FROM " + table);
  }
};

}  // namespace trunkline::calls::test

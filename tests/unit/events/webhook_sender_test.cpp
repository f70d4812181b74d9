#include "support/fake_socket.hpp"
#include "unit/calls/service_fixture.hpp"
#include "unit/net/test_server.hpp"

#include <trunkline/events/webhook_sender.hpp>
#include <trunkline/events/webhooks.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <mutex>
#include <string>

namespace trunkline::events::webhooks {
namespace {

using calls::EventType;
using calls::test::run;
using trunkline::test::turn_until;

/// A database that goes away in some of its commits: in turn after they were made, and before.
class DoubtfulDatabase final : public store::test::WrappedDatabase {
 public:
  using WrappedDatabase::WrappedDatabase;

  /// Every second write from now on, so often.
  void be_doubtful(int times) { doubts_ = times; }
  int doubts_left() const { return doubts_; }

 private:
  void submit(Access access, std::function<Result<>(store::Sql&)> work, std::function<void(Result<>)> done) override {
    if (access == Access::read || doubts_ == 0 || ++writes_ % 2 != 0) return done(pass(access, std::move(work)));
    if (doubts_-- % 2 == 0) {
      if (auto written = pass(access, std::move(work)); !written) return done(std::move(written));
    }
    done(make_error("store_in_doubt", "nobody knows"));
  }

  int doubts_ = 0;
  int writes_ = 0;
};

/// A sender whose loop turns on the test's thread, and who is told of events: by `webhook-id`, how often.
struct SenderFixture {
  net::Worker worker{0};
  calls::test::Fixture calls{store::test::Drivers::sqlite};
  DoubtfulDatabase doubtful{*calls.database};
  net::AddressPolicy policy = net::AddressPolicy::allowing(std::vector<std::string>{"127.0.0.0/8"}).value();
  Registry registry{*calls.database, policy, calls.clock, *calls.ids};
  observe::Metrics metrics{"test"};
  config::Webhooks settings;
  Sender sender{{*calls.service, doubtful, registry, worker, metrics, settings, system_clock(), *calls.ids, "node_1"}};

  std::mutex mutex;
  std::map<std::string, int> heard;
  trunkline::test::TestServer receiver;

  SenderFixture() {
    receiver.service.respond = [this](net::Request& request) {
      const std::lock_guard lock(mutex);
      ++heard[std::string(net::find_header(request.headers, "webhook-id"))];
      net::Response response;
      response.status = 204;
      return response;
    };
    receiver.start();
  }
  ~SenderFixture() {
    sender.stop();
    turn_until(worker, [this] { return sender.idle(); });
  }

  std::int64_t delivered() { return calls.count("webhook_deliveries WHERE state = 'delivered'"); }
};

TEST_CASE_METHOD(SenderFixture, "while nobody knows what a commit came to nothing is sent twice, and nothing is lost") {
  REQUIRE(run(registry.create(receiver.url("http", "/hook"), "", {})).has_value());
  sender.start();
  std::int64_t events = 0;
  const auto make_calls = [&](const std::string& name) {
    for (int i = 0; i < 10; ++i) {
      const auto id = calls.arrive(name + std::to_string(i)).call_id;
      REQUIRE(run(calls.service->append(id, EventType::dtmf_received, R"({"digit":"1"})")).has_value());
    }
    events = calls.count("call_events");
    REQUIRE(run(calls.service->complete_log()).has_value());
    sender.wake();
  };
  make_calls("CA");
  turn_until(worker, [&] { return delivered() > 0; });
  doubtful.be_doubtful(4);
  for (char round = 'B'; doubtful.doubts_left() > 0; ++round) {
    make_calls(std::string("C") + round);
    turn_until(worker, [&] { return delivered() == events; });
  }

  const std::lock_guard lock(mutex);
  CHECK(static_cast<std::int64_t>(heard.size()) == events);
  for (const auto& [id, times] : heard) {
    CAPTURE(id);
    CHECK(times == 1);
  }
  CHECK(calls.count("webhook_deliveries WHERE attempts > 1") == 0);
}

}  // namespace
}  // namespace trunkline::events::webhooks

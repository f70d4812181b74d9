#include "support/flaky_live.hpp"
#include "support/manual_clock.hpp"
#include "unit/calls/service_fixture.hpp"
#include "unit/observe/captured_log.hpp"

#include <trunkline/api/rate_limits.hpp>
#include <trunkline/store/memory_live.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace std::chrono_literals;
using api::LimitClass;
using Catch::Contains;

namespace {

struct Limiting {
  api::LimitAnswer take(LimitClass kind, const std::string& who) { return calls::test::run(limits.take(kind, who)); }
  int admitted(LimitClass kind, const std::string& who, int times) {
    int count = 0;
    for (int i = 0; i < times; ++i) count += take(kind, who).admitted ? 1 : 0;
    return count;
  }

  test::ManualClock clock;
  asio::io_context loop;
  std::unique_ptr<store::LiveStore> memory = store::make_memory_live(loop, clock);
  store::test::FlakyLive live{*memory};
  config::Limits settings;
  observe::Metrics metrics{"test"};
  api::RateLimits limits{live, settings, metrics, clock};
};

}  // namespace

TEST_CASE_METHOD(Limiting,
                 "a burst is a tenth of a minute's amount and at least ten; all of it for addresses and numbers") {
  settings.api_read_per_minute = 600;
  settings.api_write_per_minute = 30;
  settings.upgrade_per_minute = 25;
  settings.unproven_per_minute = 3;
  settings.phone_per_minute = 2;
  CHECK(admitted(LimitClass::api_read, "alice", 80) == 60);
  CHECK(admitted(LimitClass::api_write, "alice", 20) == 10);
  CHECK(admitted(LimitClass::upgrade, "192.0.2.7", 30) == 25);
  CHECK(admitted(LimitClass::unproven, "192.0.2.7", 9) == 3);
  CHECK(admitted(LimitClass::phone, "+14155550100", 9) == 2);
  clock.advance(1s);
  CHECK(admitted(LimitClass::api_read, "alice", 80) == 10);
}

TEST_CASE_METHOD(Limiting, "an answer says what is left, and a refusal when to come again") {
  settings.api_write_per_minute = 60;
  const auto first = take(LimitClass::api_write, "alice");
  CHECK(first.admitted);
  CHECK(first.limit == 10);
  CHECK(first.remaining == 9);
  CHECK(first.full_after == 1s);
  admitted(LimitClass::api_write, "alice", 9);
  const auto refused = take(LimitClass::api_write, "alice");
  CHECK_FALSE(refused.admitted);
  CHECK(refused.remaining == 0);
  CHECK(refused.retry_after == 1s);
  CHECK(refused.full_after == 10s);
  CHECK(take(LimitClass::api_write, "bob").admitted);
}

TEST_CASE_METHOD(Limiting, "zero is no limit, and nobody is asked") {
  settings.webhook_per_minute = 0;
  CHECK(admitted(LimitClass::webhook, "192.0.2.7", 100) == 100);
  CHECK(take(LimitClass::webhook, "192.0.2.7").limit == 0);
  CHECK(live.taken == 0);
}

TEST_CASE_METHOD(Limiting, "who was refused is remembered, so that a flood does not reach the store") {
  settings.phone_per_minute = 6;
  admitted(LimitClass::phone, "+14155550100", 7);
  CHECK(live.taken == 7);
  CHECK(admitted(LimitClass::phone, "+14155550100", 1'000) == 0);
  CHECK(live.taken == 7);
  clock.advance(4s);
  const auto later = take(LimitClass::phone, "+14155550100");
  CHECK_FALSE(later.admitted);
  CHECK(later.retry_after == 6s);
  CHECK(later.full_after == 56s);
  clock.advance(6s);
  CHECK(admitted(LimitClass::phone, "+14155550100", 2) == 1);
  CHECK_THAT(metrics.render(), Contains(R"(trunkline_rate_limited_total{class="phone"} 1003)"));
}

TEST_CASE_METHOD(Limiting, "so many refusals as there are addresses do not fill the memory, and refuse still") {
  settings.unproven_per_minute = 1;
  for (int i = 0; i < 10'500; ++i) CHECK(admitted(LimitClass::unproven, "a" + std::to_string(i), 2) == 1);
  const int before = live.taken;
  CHECK_FALSE(take(LimitClass::unproven, "a0").admitted);
  CHECK(live.taken == before);
  CHECK_FALSE(take(LimitClass::unproven, "a10400").admitted);
  CHECK(live.taken == before + 1);  // not remembered, asked for
}

TEST_CASE_METHOD(Limiting, "a store that is away lets requests pass, says so once, and has rest") {
  settings.phone_per_minute = 1;
  take(LimitClass::phone, "+14155550100");
  const test::CapturedLog log;
  live.away = true;
  CHECK(admitted(LimitClass::phone, "+14155550100", 50) == 50);
  CHECK(live.taken == 2);
  CHECK_THAT(log.last(), Contains("rate limits are not applied"));
  CHECK_THAT(log.last(), !Contains("4155550100"));
  CHECK_THAT(metrics.render(), Contains("trunkline_rate_limits_unchecked_total 50"));
  clock.advance(1s);
  CHECK(take(LimitClass::phone, "+14155550100").admitted);
  CHECK(live.taken == 3);
  live.away = false;
  clock.advance(1s);
  CHECK_FALSE(take(LimitClass::phone, "+14155550100").admitted);
}

TEST_CASE_METHOD(Limiting, "no key of a bucket tells whose it is, and each class has its own") {
  settings.phone_per_minute = 100;
  take(LimitClass::phone, "+14155550100");
  const std::string phone = live.last_bucket;
  CHECK_THAT(phone, !Contains("4155550100"));
  take(LimitClass::phone, "+14155550101");
  CHECK(live.last_bucket != phone);
  take(LimitClass::api_read, "+14155550100");
  CHECK(live.last_bucket != phone);
}

TEST_CASE_METHOD(Limiting, "an IPv6 customer has one bucket, however many addresses it uses") {
  settings.unproven_per_minute = 2;
  CHECK(take(LimitClass::unproven, "2001:db8:1:2::1").admitted);
  CHECK(take(LimitClass::unproven, "2001:db8:1:2:ffff::9").admitted);
  CHECK_FALSE(take(LimitClass::unproven, "2001:db8:1:2::abcd").admitted);
  CHECK(take(LimitClass::unproven, "2001:db8:1:3::1").admitted);
  CHECK(admitted(LimitClass::unproven, "192.0.2.1", 3) == 2);
  CHECK(take(LimitClass::unproven, "::ffff:192.0.2.2").admitted);
}

#include "support/manual_clock.hpp"

#include <trunkline/observe/health.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace trunkline;
using namespace trunkline::observe;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

struct Fixture {
  test::ManualClock clock;
  Health health{{"trunkline", "1.2.3"}, 2, clock};

  void beat() {
    health.beat(0);
    health.beat(1);
  }
};

}  // namespace

TEST_CASE("a process without dependencies is live and ready at once") {
  Fixture f;
  f.clock.advance(90s);
  f.beat();
  CHECK(f.health.live());
  CHECK(f.health.ready());
  CHECK(f.health.livez().status == 200);
  CHECK(f.health.readyz().status == 200);
  const HealthReply reply = f.health.health();
  CHECK(reply.status == 200);
  CHECK(json::parse(reply.body) == json{{"status", "healthy"},
                                        {"service", "trunkline"},
                                        {"timestamp", "2026-09-21T14:14:50.000Z"},
                                        {"version", "1.2.3"},
                                        {"uptimeSeconds", 90}});
}

TEST_CASE("one silent worker makes the process dead, until it beats again") {
  Fixture f;
  f.clock.advance(10s);
  f.health.beat(0);
  CHECK(f.health.live());
  f.clock.advance(1ms);
  f.health.beat(0);
  CHECK_FALSE(f.health.live());
  CHECK(f.health.livez().status == 503);
  CHECK(json::parse(f.health.livez().body)["status"] == "stuck");
  CHECK(f.health.health().status == 503);
  CHECK(json::parse(f.health.readyz().body)["reasons"] == json{"a worker is stuck"});
  f.health.beat(1);
  CHECK(f.health.live());
}

TEST_CASE("liveness does not depend on dependencies or draining") {
  Fixture f;
  f.health.expect("store", true);
  f.health.report("store", false, 3ms, "disk full");
  f.health.drain();
  CHECK(f.health.live());
  CHECK(f.health.health().status == 200);
  CHECK_FALSE(f.health.ready());
}

TEST_CASE("a needed dependency counts from its first good report until it is down or its result is old") {
  Fixture f;
  f.health.expect("store", true);
  const auto reasons = [&] { return json::parse(f.health.readyz().body)["reasons"]; };
  CHECK(reasons() == json{"store is unknown"});
  f.health.report("store", true, 2ms);
  CHECK(f.health.ready());
  f.health.report("store", false, 2ms, "locked");
  CHECK(f.health.readyz().status == 503);
  CHECK(reasons() == json{"store is down"});
  f.health.report("store", true, 2ms);
  f.clock.advance(60s);
  f.beat();
  CHECK(f.health.ready());
  f.clock.advance(1ms);
  CHECK(reasons() == json{"store is stale"});
}

TEST_CASE("draining ends readiness for good") {
  Fixture f;
  CHECK_FALSE(f.health.draining());
  f.health.drain();
  CHECK(f.health.draining());
  CHECK(json::parse(f.health.readyz().body) == json{{"status", "not_ready"}, {"reasons", {"draining"}}});
}

TEST_CASE("a dependency that serves less than it should degrades the process, and is not up") {
  Fixture f;
  f.health.expect("acs", false);
  f.health.report("acs", Health::Finding::degraded, 5ms, "HTTP 503");
  const json row = json::parse(f.health.detailed().body)["dependencies"][0];
  CHECK(row["status"] == "degraded");
  CHECK(row["error"] == "HTTP 503");
  CHECK(f.health.ready());
  CHECK(json::parse(f.health.health().body)["status"] == "degraded");
  f.health.expect("store", true);
  f.health.report("store", Health::Finding::degraded, 5ms);
  CHECK_FALSE(f.health.ready());
}

TEST_CASE("a result counts for as long as its dependency says") {
  Fixture f;
  f.health.expect("acs", false, {}, 300s);
  f.health.report("acs", true, 5ms);
  const auto status = [&] { return json::parse(f.health.detailed().body)["dependencies"][0]["status"]; };
  f.clock.advance(300s);
  CHECK(status() == "up");
  f.clock.advance(1ms);
  CHECK(status() == "stale");
}

TEST_CASE("the detailed answer lists every dependency with its milliseconds") {
  Fixture f;
  f.health.expect("store", true, "sqlite");
  f.health.expect("deepgram", false);
  f.health.expect("models", false);
  f.health.report("store", true, 2ms);
  f.health.report("deepgram", false, 1500ms, "timed \xFFout");
  f.health.report("never expected", false, 1ms, "ignored");

  const HealthReply reply = f.health.detailed();
  CHECK(reply.status == 200);
  const json body = json::parse(reply.body);
  CHECK(body["status"] == "degraded");
  CHECK(body["ready"] == true);
  CHECK(body["service"] == "trunkline");
  CHECK(body["dependencies"] == json::array({{{"name", "deepgram"},
                                              {"kind", nullptr},
                                              {"status", "down"},
                                              {"needed", false},
                                              {"latencyMs", 1500},
                                              {"checkedAt", "2026-09-21T14:13:20.000Z"},
                                              {"error", "timed \xEF\xBF\xBDout"}},
                                             {{"name", "models"},
                                              {"kind", nullptr},
                                              {"status", "unknown"},
                                              {"needed", false},
                                              {"latencyMs", nullptr},
                                              {"checkedAt", nullptr},
                                              {"error", nullptr}},
                                             {{"name", "store"},
                                              {"kind", "sqlite"},
                                              {"status", "up"},
                                              {"needed", true},
                                              {"latencyMs", 2},
                                              {"checkedAt", "2026-09-21T14:13:20.000Z"},
                                              {"error", nullptr}}}));

  CHECK(f.health.readyz().status == 200);
  CHECK(f.health.health().status == 200);
  CHECK(json::parse(f.health.health().body)["status"] == "degraded");

  f.health.report("deepgram", true, 40ms);
  f.health.report("models", true, 1ms);
  CHECK(json::parse(f.health.health().body)["status"] == "healthy");
  CHECK(json::parse(f.health.detailed().body)["status"] == "healthy");
  f.health.report("store", false, 2ms, "locked");
  CHECK(f.health.detailed().status == 503);
  CHECK(json::parse(f.health.detailed().body)["status"] == "unhealthy");
}

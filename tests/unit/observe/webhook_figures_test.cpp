#include "support/manual_clock.hpp"

#include <trunkline/observe/webhook_figures.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace std::chrono_literals;
using observe::WebhookFigures;
using observe::WebhookKind;

TEST_CASE("each kind of webhook has figures of its own") {
  const test::ManualClock clock;
  WebhookFigures figures(clock);
  WebhookKind& voice = figures.of("twilio", "voice");
  CHECK(&figures.of("twilio", "voice") == &voice);
  CHECK(&figures.of("acs", "voice") != &voice);
  CHECK(&figures.of("twilio", "status") != &voice);
  REQUIRE(figures.kinds().size() == 3);
  CHECK(figures.kinds().front() == &voice);
  CHECK(figures.kinds().back()->type == "status");
  CHECK(figures.since() == clock.wall());
}

TEST_CASE("what comes in is the sum of what becomes of it") {
  const test::ManualClock clock;
  WebhookFigures figures(clock);
  WebhookKind& kind = figures.of("twilio", "voice");
  CHECK(kind.last_at == 0);
  using Outcome = WebhookKind::Outcome;
  kind.note(Outcome::accepted, 1ms, clock.wall());
  kind.note(Outcome::accepted, 1ms, clock.wall());
  kind.note(Outcome::refused, 1ms, clock.wall());
  kind.note(Outcome::forged, 1ms, clock.wall());
  kind.note(Outcome::failed, 1ms, clock.wall() + 1s);
  CHECK(kind.received() == 5);
  CHECK(kind.accepted == 2);
  CHECK(kind.refused == 1);
  CHECK(kind.forged == 1);
  CHECK(kind.failed == 1);
  CHECK(kind.last_at == to_millis(clock.wall() + 1s));
  CHECK(kind.latency.snapshot().count == 5);
}

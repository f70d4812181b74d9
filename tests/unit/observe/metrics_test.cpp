#include <trunkline/observe/metrics.hpp>

#include <catch2/catch.hpp>

#include <sstream>

using namespace trunkline::observe;
using namespace std::chrono_literals;
using Catch::Contains;

TEST_CASE("every metric is exported under its name and labels") {
  Metrics metrics("1.2.3");
  metrics.calls_active("twilio", "inbound").add(2);
  metrics.calls_active("twilio", "inbound").add(-1);
  metrics.calls("twilio", "inbound", "ended").add();
  metrics.call_duration().observe(90s);
  metrics.webhooks("voice", "accepted").add();
  metrics.webhook_lag("status").observe(700ms);
  metrics.acs_requests("answer", "ok").add(3);
  metrics.acs_retries("answer").add();
  metrics.acs_request_duration("answer").observe(80ms);
  metrics.acs_circuit_open().set(1);
  metrics.media_streams_active().set(3);
  metrics.media_frames("inbound").add(50);
  metrics.media_frames_late().add(2);
  metrics.media_gaps().add();
  metrics.media_lost_ms().add(140);
  metrics.media_messages_ignored("bad-payload").add(5);
  metrics.relay_delay().observe(1500us);
  metrics.sink_queue_bytes("recorder").set(4096);
  metrics.sink_dropped("listener").add(4);
  metrics.transcript_segments("embedded").add();
  metrics.transcript_confidence("embedded").observe(0.85);
  metrics.recordings("stored").add();
  metrics.http_requests("/api/v1/calls/{id}", "GET", 404).add();
  metrics.http_request_duration("/api/v1/calls/{id}").observe(3ms);
  metrics.connections("websocket").add(1);
  metrics.event_loop_lag(0).observe(250us);
  metrics.rate_limited("api.read").add(2);
  metrics.rate_limits_unchecked().add(3);
  metrics.cache_requests("calls", "l2", "hit").add(4);
  metrics.cache_entries("tokens").set(12);
  metrics.cleanup_runs("quality", "failed").add(2);
  metrics.cleanup_rows("quality").add(70);
  metrics.cleanup_duration("quality").observe(2s);
  metrics.store_queue().set(6);
  metrics.live_up().set(1);
  metrics.live_reconnects().add(2);
  metrics.live_command_duration().observe(400us);
  metrics.events_dropped().add(9);
  metrics.log_lines_dropped().add(11);

  const std::string line = GENERATE(
      as<std::string>{}, R"(trunkline_build_info{version="1.2.3"} 1)",
      R"(trunkline_calls_active{direction="inbound",provider="twilio"} 1)",
      R"(trunkline_calls_total{direction="inbound",outcome="ended",provider="twilio"} 1)",
      R"(trunkline_call_duration_seconds_bucket{le="120"} 1)", "trunkline_call_duration_seconds_sum 90",
      R"(trunkline_webhooks_total{result="accepted",type="voice"} 1)",
      R"(trunkline_webhook_lag_seconds_sum{type="status"} 0.7)",
      R"(trunkline_acs_requests_total{operation="answer",outcome="ok"} 3)",
      R"(trunkline_acs_retries_total{operation="answer"} 1)",
      R"(trunkline_acs_request_duration_seconds_bucket{operation="answer",le="0.1"} 1)", "trunkline_acs_circuit_open 1",
      "trunkline_media_streams_active 3", R"(trunkline_media_frames_total{track="inbound"} 50)",
      "trunkline_media_frames_late_total 2", "trunkline_media_gaps_total 1", "trunkline_media_lost_ms_total 140",
      R"(trunkline_media_messages_ignored_total{reason="bad-payload"} 5)",
      R"(trunkline_relay_delay_seconds_bucket{le="0.002"} 1)", R"(trunkline_sink_queue_bytes{sink="recorder"} 4096)",
      R"(trunkline_sink_dropped_total{sink="listener"} 4)",
      R"(trunkline_transcript_segments_total{engine="embedded"} 1)",
      R"(trunkline_cache_requests_total{cache="calls",level="l2",outcome="hit"} 4)",
      R"(trunkline_cache_entries{cache="tokens"} 12)",
      R"(trunkline_transcript_confidence_bucket{engine="embedded",le="0.9"} 1)",
      R"(trunkline_recordings_total{result="stored"} 1)",
      R"(trunkline_http_requests_total{method="GET",route="/api/v1/calls/{id}",status="404"} 1)",
      R"(trunkline_http_request_duration_seconds_count{route="/api/v1/calls/{id}"} 1)",
      R"(trunkline_connections{kind="websocket"} 1)", R"(trunkline_event_loop_lag_seconds{worker="0"} 0.00025)",
      R"(trunkline_event_loop_delay_seconds_bucket{worker="0",le="0.00025"} 1)",
      R"(trunkline_rate_limited_total{class="api.read"} 2)", "trunkline_rate_limits_unchecked_total 3",
      "trunkline_store_queue 6", R"(trunkline_cleanup_runs_total{job="quality",result="failed"} 2)",
      R"(trunkline_cleanup_rows_total{job="quality"} 70)", R"(trunkline_cleanup_duration_seconds_sum{job="quality"} 2)",
      "trunkline_live_up 1", "trunkline_live_reconnects_total 2",
      R"(trunkline_live_command_duration_seconds_bucket{le="0.0005"} 1)", "trunkline_events_dropped_total 9",
      "trunkline_log_lines_dropped_total 11");
  CHECK_THAT(metrics.render(), Contains("\n" + line));
}

TEST_CASE("all names carry the prefix, and what has no labels is there from the start") {
  const std::string text = Metrics("1").render();
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    CHECK((line.starts_with("# HELP trunkline_") || line.starts_with("# TYPE trunkline_") ||
           line.starts_with("trunkline_")));
  }
  CHECK_THAT(text, Contains("\ntrunkline_media_gaps_total 0\n"));
}

TEST_CASE("a flood of routes cannot fill the memory") {
  Metrics metrics("1");
  for (int i = 0; i < 3000; ++i) metrics.http_requests("/" + std::to_string(i), "GET", 200).add();
  CHECK_THAT(metrics.render(),
             Contains(R"(trunkline_http_requests_total{method="other",route="other",status="other"} 1000)"));
}

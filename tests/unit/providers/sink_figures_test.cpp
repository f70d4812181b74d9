#include "media_leg_fixture.hpp"

#include <trunkline/providers/sink_figures.hpp>

#include <catch2/catch.hpp>

namespace trunkline::providers {
namespace {

class FullSink final : public media::Sink {
 public:
  std::string_view name() const override { return "recorder"; }
  void on_frame(const media::Frame& /*frame*/) noexcept override {}
  void on_end(media::EndCause /*cause*/) noexcept override { lost += lost_at_end; }
  std::size_t queued_bytes() const noexcept override { return waiting; }
  std::uint64_t dropped() const noexcept override { return lost; }

  std::size_t waiting = 0;
  std::uint64_t lost = 0;
  std::uint64_t lost_at_end = 0;
};

bool shows(const observe::Metrics& metrics, const std::string& line) {
  return ("\n" + metrics.render()).find("\n" + line + "\n") != std::string::npos;
}

TEST_CASE("a sink's figures are sums over all streams") {
  observe::Metrics metrics("test");
  SinkFigures one(metrics);
  SinkFigures two(metrics);
  const auto first = std::make_shared<FullSink>();
  const auto second = std::make_shared<FullSink>();
  const std::vector<std::shared_ptr<media::Sink>> of_one = {first};
  const std::vector<std::shared_ptr<media::Sink>> of_two = {second};

  first->waiting = 100;
  first->lost = 2;
  second->waiting = 50;
  one.update(of_one);
  two.update(of_two);
  CHECK(shows(metrics, R"(trunkline_sink_queue_bytes{sink="recorder"} 150)"));
  CHECK(shows(metrics, R"(trunkline_sink_dropped_total{sink="recorder"} 2)"));

  first->waiting = 10;
  first->lost = 3;
  one.update(of_one);
  one.update(of_one);
  CHECK(shows(metrics, R"(trunkline_sink_queue_bytes{sink="recorder"} 60)"));
  CHECK(shows(metrics, R"(trunkline_sink_dropped_total{sink="recorder"} 3)"));

  one.release(*first);
  CHECK(shows(metrics, R"(trunkline_sink_queue_bytes{sink="recorder"} 50)"));
}

TEST_CASE("a leg tells of its sinks with every tick and takes back what waited when it ends") {
  test::LegFixture fixture;
  const auto sink = std::make_shared<FullSink>();
  fixture.sinks.sinks = {sink};
  fixture.attach();
  sink->waiting = 4096;
  fixture.leg->tick({});
  CHECK(shows(fixture.metrics, R"(trunkline_sink_queue_bytes{sink="recorder"} 4096)"));
  CHECK(shows(fixture.metrics, R"(trunkline_sink_dropped_total{sink="recorder"} 0)"));

  sink->lost_at_end = 7;
  fixture.leg->end(media::EndCause::stop);
  CHECK(shows(fixture.metrics, R"(trunkline_sink_queue_bytes{sink="recorder"} 0)"));
  CHECK(shows(fixture.metrics, R"(trunkline_sink_dropped_total{sink="recorder"} 7)"));
}

TEST_CASE("a sink that leaves a running leg takes its queue with it") {
  test::LegFixture fixture;
  fixture.attach();
  const auto sink = std::make_shared<FullSink>();
  sink->waiting = 300;
  fixture.leg->add_sink(sink);
  fixture.leg->tick({});
  CHECK(shows(fixture.metrics, R"(trunkline_sink_queue_bytes{sink="recorder"} 300)"));

  sink->lost = 1;
  fixture.leg->remove_sink(*sink);
  CHECK(shows(fixture.metrics, R"(trunkline_sink_queue_bytes{sink="recorder"} 0)"));
  CHECK(shows(fixture.metrics, R"(trunkline_sink_dropped_total{sink="recorder"} 1)"));
}

}  // namespace
}  // namespace trunkline::providers

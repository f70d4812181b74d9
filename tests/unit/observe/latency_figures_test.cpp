#include <trunkline/observe/latency_figures.hpp>

#include <catch2/catch.hpp>

#include <thread>
#include <vector>

using trunkline::observe::LatencyFigures;
using namespace std::chrono_literals;

TEST_CASE("without durations there are no figures") {
  const auto none = LatencyFigures().snapshot();
  CHECK(none.count == 0);
  CHECK(none.max_ms == 0);
}

TEST_CASE("one duration is all of its figures") {
  const auto took = GENERATE(0us, 1us, 15us, 16us, 17us, 999us, 1'000us, 123'456us, 60s, 134'217'727us);
  LatencyFigures figures;
  figures.note(took);
  const auto now = figures.snapshot();
  const double ms = static_cast<double>(took.count()) / 1'000;
  CHECK(now.average_ms == Approx(ms));
  CHECK(now.p50_ms == Approx(ms));
  CHECK(now.p99_ms == Approx(ms));
  CHECK(now.max_ms == Approx(ms));
}

TEST_CASE("percentiles are at most a sixteenth too high, and never too low") {
  LatencyFigures figures;
  for (int i = 1; i <= 10'000; ++i) figures.note(std::chrono::microseconds(i * 7));
  const auto now = figures.snapshot();
  CHECK(now.count == 10'000);
  CHECK(now.average_ms == Approx(35.0035));
  for (const auto& [found, exact] : {std::pair{now.p50_ms, 35.0}, {now.p95_ms, 66.5}, {now.p99_ms, 69.3}}) {
    CHECK(found >= exact);
    CHECK(found <= exact * 17 / 16);
  }
  CHECK(now.max_ms == 70.0);
}

TEST_CASE("what is beyond the ends is counted there") {
  LatencyFigures figures;
  figures.note(-5ms);
  figures.note(24h);
  const auto now = figures.snapshot();
  CHECK(now.count == 2);
  CHECK(now.p50_ms == 0);
  CHECK(now.max_ms == Approx(134'217.727));
}

TEST_CASE("nothing is lost when many note at once") {
  LatencyFigures figures;
  std::vector<std::thread> threads;
  for (int i = 1; i <= 4; ++i) {
    threads.emplace_back([&figures, i] {
      for (int n = 0; n < 10'000; ++n) figures.note(std::chrono::milliseconds(i));
    });
  }
  for (auto& thread : threads) thread.join();
  const auto now = figures.snapshot();
  CHECK(now.count == 40'000);
  CHECK(now.average_ms == Approx(2.5));
  CHECK(now.max_ms == 4.0);
}

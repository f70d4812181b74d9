#include <trunkline/media/g711.hpp>
#include <trunkline/media/quality_meter.hpp>
#include <trunkline/media/stream.hpp>

#include <catch2/catch.hpp>

#include <cmath>

namespace trunkline::media {
namespace {

using namespace std::chrono_literals;

constexpr MonoTime start{std::chrono::hours(2)};

class Heard final : public QualityListener {
 public:
  void on_alert(const QualityAlert& alert) noexcept override { alerts.push_back(alert); }
  void on_summary(const QualitySummary& summary) noexcept override { summaries.push_back(summary); }
  std::vector<QualityAlert> alerts;
  std::vector<QualitySummary> summaries;
};

struct Fixture {
  Heard heard;
  Stream stream{{}, start};
  std::uint8_t value = mulaw_silence;

  explicit Fixture(QualityOptions options = {}) { stream.add_sink(make_quality_meter({}, heard, options)); }

  void frame(int number, milliseconds delay = {}, Track track = Track::inbound) {
    stream.receive(track, number * 20, std::vector<std::uint8_t>(160, value), start + number * 20ms + delay);
  }
  const TrackQuality& end(Track track = Track::inbound) {
    stream.end(EndCause::stop);
    REQUIRE(heard.summaries.size() == 1);
    REQUIRE(heard.summaries[0].tracks[index(track)]);
    return *heard.summaries[0].tracks[index(track)];
  }
};

}  // namespace

TEST_CASE("An undisturbed track is excellent and raises no alert") {
  Fixture f;
  for (int i = 0; i < 1000; ++i) f.frame(i);
  const auto& quality = f.end();
  CHECK(quality.frames == 1000);
  CHECK(quality.jitter_ms == Approx(0).margin(1e-9));
  CHECK(quality.score == QualityScore::excellent);
  CHECK(f.heard.alerts.empty());
  CHECK_FALSE(f.heard.summaries[0].tracks[index(Track::outbound)]);
  CHECK(f.heard.summaries[0].score == QualityScore::excellent);
}

TEST_CASE("Loss is counted in gaps and percent and raises one alert a crossing") {
  Fixture f;
  const auto lossy = [](int i) { return i < 1000 || (i >= 1500 && i < 1750); };
  for (int i = 0; i < 2000; ++i) {
    if (!(lossy(i) && i % 10 == 5)) f.frame(i);
  }
  REQUIRE(f.heard.alerts.size() == 2);
  CHECK(f.heard.alerts[0].metric == QualityMetric::loss);
  CHECK(f.heard.alerts[0].value == Approx(10));
  CHECK(f.heard.alerts[0].threshold == Approx(2));
  CHECK(f.heard.alerts[0].position_ms == 5000);
  CHECK(f.heard.alerts[1].position_ms == 35'000);
  const auto& quality = f.end();
  CHECK(quality.gaps == 125);
  CHECK(quality.lost_ms == 2500);
  CHECK(quality.loss_percent == Approx(6.25));
  CHECK(quality.score == QualityScore::poor);
}

TEST_CASE("Late frames are counted") {
  Fixture f;
  for (int i = 0; i < 500; i += 2) {
    f.frame(i);
    f.frame(i + (i % 20 == 0 ? 3 : 1));
    if (i % 20 == 0) {
      f.frame(i + 1);
      f.frame(i + 2);
      i += 2;
    }
  }
  const auto& quality = f.end();
  CHECK(quality.late == 50);
  CHECK(quality.late_percent == Approx(10).epsilon(0.1));
  CHECK_FALSE(f.heard.alerts.empty());
}

TEST_CASE("What comes late was not lost") {
  Fixture f;
  f.frame(0);
  for (int i = 1; i < 500; i += 2) {
    f.frame(i + 1);
    f.frame(i);
  }
  const auto& quality = f.end();
  CHECK(quality.late == 250);
  CHECK(quality.lost_ms == 0);
  CHECK(quality.loss_percent == 0);
}

TEST_CASE("Jitter follows RFC 3550") {
  Fixture f;
  double expected = 0;
  double sum = 0;
  for (int i = 0; i < 500; ++i) {
    f.frame(i, i % 2 == 0 ? 0ms : 70ms);
    if (i > 0) expected += (70.0 - expected) / 16.0;
    sum += expected;
  }
  REQUIRE(f.heard.alerts.size() == 1);
  CHECK(f.heard.alerts[0].metric == QualityMetric::jitter);
  const auto& quality = f.end();
  CHECK(quality.jitter_peak_ms == Approx(expected));
  CHECK(quality.jitter_ms == Approx(sum / 500));
  CHECK(quality.score == QualityScore::fair);
}

TEST_CASE("Level is that of the samples, and overdriven audio is an alert") {
  Fixture f;
  f.value = linear_to_mulaw(3276);
  for (int i = 0; i < 250; ++i) f.frame(i);
  CHECK(f.heard.alerts.empty());
  f.value = linear_to_mulaw(32000);
  for (int i = 250; i < 500; ++i) f.frame(i);
  REQUIRE(f.heard.alerts.size() == 1);
  CHECK(f.heard.alerts[0].metric == QualityMetric::level);
  CHECK(f.heard.alerts[0].value == Approx(-0.2).margin(0.2));
  const double mean = 10 * std::log10((1.0 + 0.01) / 2);
  CHECK(f.end().level_dbfs == Approx(mean).margin(0.3));
}

TEST_CASE("The pauses in our own audio are no loss") {
  Fixture f;
  f.frame(0);
  f.stream.played(std::vector<std::uint8_t>(160), start + 1s);
  f.stream.played(std::vector<std::uint8_t>(160), start + 20s);
  const auto& quality = f.end(Track::outbound);
  CHECK(quality.lost_ms == 0);
  CHECK(quality.jitter_ms == 0);
  CHECK(quality.score == QualityScore::excellent);
}

TEST_CASE("An outbound track of the carrier is measured, but not its late start") {
  Fixture f({.outbound_received = true});
  f.frame(0);
  for (int i = 100; i < 500; ++i) {
    if (i % 10 != 5) f.frame(i, {}, Track::outbound);
  }
  const auto& quality = f.end(Track::outbound);
  CHECK(quality.gaps == 40);
  CHECK(quality.lost_ms == 800);
  CHECK(f.heard.summaries[0].score == QualityScore::poor);
}

TEST_CASE("A stream without audio has a summary without tracks") {
  Fixture f;
  f.stream.end(EndCause::idle);
  REQUIRE(f.heard.summaries.size() == 1);
  CHECK_FALSE(f.heard.summaries[0].tracks[0]);
}

TEST_CASE("Level, loss and jitter of PCM are the same at 16 and 24 kHz") {
  for (const std::uint32_t rate : {16'000U, 24'000U}) {
    INFO(rate);
    const Format format{Encoding::pcm16, rate};
    Heard heard;
    Stream stream(format, start);
    stream.add_sink(make_quality_meter(format, heard));
    std::vector<std::uint8_t> frame;
    for (std::int64_t i = 0; i < format.samples(20); ++i) {  // a tenth of full scale, up and down
      const auto sample = static_cast<std::uint16_t>(i % 2 == 0 ? 3'277 : -3'277);
      frame.push_back(static_cast<std::uint8_t>(sample & 0xFF));
      frame.push_back(static_cast<std::uint8_t>(sample >> 8));
    }
    double jitter = 0;
    double sum = 0;
    int frames = 0;
    for (int i = 0; i < 500; ++i) {
      if (i % 50 == 49) continue;
      const auto late = milliseconds{i % 2 == 0 ? 0 : 10};
      stream.receive(Track::inbound, i * 20, frame, start + i * 20ms + late);
      if (frames > 0) jitter += ((i % 50 == 0 ? 0.0 : 10.0) - jitter) / 16;  // the frame before a lost one is even
      sum += jitter;
      ++frames;
    }
    stream.end(EndCause::stop);
    REQUIRE(heard.summaries.size() == 1);
    const auto& quality = heard.summaries[0].tracks[index(Track::inbound)];
    REQUIRE(quality);
    CHECK(quality->level_dbfs == Approx(-20).margin(0.05));
    CHECK(quality->jitter_ms == Approx(sum / frames));
    CHECK(quality->jitter_peak_ms <= 10);
    CHECK(quality->gaps == 9);  // what is lost at the very end is not seen
    CHECK(quality->lost_ms == 180);
    CHECK(quality->loss_percent == Approx(100 * 180.0 / 9'980));
  }
}

TEST_CASE("Overdriven PCM is an alert after a window of five seconds at any rate") {
  for (const std::uint32_t rate : {16'000U, 24'000U}) {
    const Format format{Encoding::pcm16, rate};
    Heard heard;
    Stream stream(format, start);
    stream.add_sink(make_quality_meter(format, heard));
    std::vector<std::uint8_t> loudest;
    for (std::int64_t i = 0; i < format.samples(20); ++i) loudest.insert(loudest.end(), {0x00, 0x80});
    for (int i = 0; i < 250; ++i) stream.receive(Track::inbound, i * 20, loudest, start + i * 20ms);
    REQUIRE(heard.alerts.size() == 1);
    CHECK(heard.alerts[0].metric == QualityMetric::level);
    CHECK(heard.alerts[0].value == Approx(0).margin(0.001));
    CHECK(heard.alerts[0].position_ms == 5'000);
  }
}

TEST_CASE("a further participant is measured from the first frame on, as the far end is") {
  Fixture f;
  for (int i = 0; i < 100; ++i) f.frame(i);
  for (int i = 50; i < 150; ++i) {
    if (i % 10 != 5) f.frame(i, {}, further_track(1));
  }
  const auto& quality = f.end(further_track(1));
  CHECK(quality.frames == 90);
  CHECK(quality.gaps == 10);
  CHECK(quality.lost_ms == 200);
  CHECK(f.heard.summaries[0].tracks.size() == 4);
  CHECK_FALSE(f.heard.summaries[0].tracks[index(further_track(0))]);
  CHECK(f.heard.summaries[0].score == QualityScore::poor);
}

}  // namespace trunkline::media

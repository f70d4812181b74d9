#include <catch2/catch.hpp>

#include <adapters/half_band.hpp>
#include <cmath>
#include <numbers>

using trunkline::adapters::double_rate;
using trunkline::adapters::halve_rate;
using Samples = std::vector<std::int16_t>;

namespace {

Samples tone(double hz, double rate, std::size_t size) {
  Samples samples(size);
  for (std::size_t i = 0; i < size; ++i) {
    samples[i] = static_cast<std::int16_t>(
        std::lround(10'000 * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / rate)));
  }
  return samples;
}

// Level of the middle of a signal, away from its ends, in dB against the 10,000 of tone().
double level_db(const Samples& samples) {
  double power = 0;
  const std::size_t begin = samples.size() / 4;
  const std::size_t end = samples.size() * 3 / 4;
  for (std::size_t i = begin; i < end; ++i) power += static_cast<double>(samples[i]) * samples[i];
  return 10 * std::log10(power / static_cast<double>(end - begin) / (10'000.0 * 10'000.0 / 2) + 1e-12);
}

}  // namespace

TEST_CASE("halving the rate keeps the telephone band and removes what would alias into it") {
  for (const double hz : {300.0, 1'000.0, 2'500.0, 3'400.0}) {
    INFO(hz);
    CHECK(level_db(halve_rate(tone(hz, 16'000, 4'000))) == Approx(0).margin(0.1));
  }
  for (const double hz : {4'650.0, 5'500.0, 7'000.0}) {
    INFO(hz);
    CHECK(level_db(halve_rate(tone(hz, 16'000, 4'000))) < -55);
  }
}

TEST_CASE("doubling the rate gives the same tone at the same place") {
  const auto expected = tone(1'000, 16'000, 4'000);
  const auto doubled = double_rate(tone(1'000, 8'000, 2'000));
  REQUIRE(doubled.size() == expected.size());
  for (std::size_t i = 100; i < 3'900; ++i) REQUIRE(std::abs(doubled[i] - expected[i]) < 20);
}

TEST_CASE("any length can be converted, and full scale does not wrap") {
  CHECK(halve_rate(Samples{}).empty());
  CHECK(double_rate(Samples{}).empty());
  CHECK(halve_rate(Samples(5)).size() == 3);
  Samples square(400);
  for (std::size_t i = 0; i < square.size(); ++i) square[i] = i % 40 < 20 ? 32'767 : -32'768;
  for (const auto sample : double_rate(std::span(square).first(20))) REQUIRE(sample >= -10'000);
}

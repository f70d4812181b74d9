#include <catch2/catch.hpp>

#include <adapters/pocketsphinx/telephone_line.hpp>
#include <cmath>
#include <numbers>
#include <random>

using trunkline::adapters::TelephoneLine;
using Samples = std::vector<std::int16_t>;

namespace {

constexpr std::uint32_t rates[] = {8'000, 16'000, 24'000};

Samples by_telephone(const Samples& in, std::uint32_t rate) {
  TelephoneLine line(rate);
  Samples out;
  line.add(in, out);
  line.finish(out);
  return out;
}

/// Two seconds.
Samples tone(double hz, std::uint32_t rate) {
  Samples samples(2 * rate);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double turn = 2 * std::numbers::pi * hz * static_cast<double>(i) / rate;
    samples[i] = static_cast<std::int16_t>(std::lround(10'000 * std::sin(turn)));
  }
  return samples;
}

/// Of the second half second, in dB against tone().
double level_db(const Samples& samples) {
  double power = 0;
  for (std::size_t i = 4'000; i < 8'000; ++i) power += static_cast<double>(samples[i]) * samples[i];
  return 10 * std::log10(power / 4'000 / (10'000.0 * 10'000.0 / 2) + 1e-12);
}

}  // namespace

TEST_CASE("a telephone line has 300 to 3400 Hz, whatever the rate was before") {
  for (const auto rate : rates) {
    for (const double hz : {430.0, 500.0, 1'000.0, 2'000.0, 3'000.0, 3'270.0}) {
      INFO(rate << " Hz, a tone of " << hz);
      CHECK(level_db(by_telephone(tone(hz, rate), rate)) == Approx(0).margin(0.3));
    }
    for (const double hz : {300.0, 3'400.0}) {
      INFO(rate << " Hz, a tone of " << hz);
      CHECK(level_db(by_telephone(tone(hz, rate), rate)) == Approx(-6).margin(0.5));
    }
    for (const double hz : {20.0, 50.0, 60.0, 3'680.0, 3'900.0}) {
      INFO(rate << " Hz, a tone of " << hz);
      CHECK(level_db(by_telephone(tone(hz, rate), rate)) < -55);
    }
  }
  for (const auto rate : {16'000U, 24'000U}) {
    for (const double hz : {4'100.0, 4'700.0, 5'000.0, 7'000.0, 7'900.0}) {
      INFO(rate << " Hz, a tone of " << hz);
      CHECK(level_db(by_telephone(tone(hz, rate), rate)) < -55);
    }
  }
}

TEST_CASE("a telephone line delays nothing and loses no time") {
  for (const auto rate : rates) {
    const auto out = by_telephone(tone(1'000, rate), rate);
    const auto expected = tone(1'000, 8'000);
    REQUIRE(out.size() == expected.size());
    // A step of mu-law is up to 512 at this level.
    for (std::size_t i = 100; i + 100 < out.size(); ++i) REQUIRE(std::abs(out[i] - expected[i]) < 300);
  }
}

TEST_CASE("how the audio comes in pieces changes no bit, and a call does not hear the one before") {
  std::mt19937 random(3);
  for (const auto rate : rates) {
    Samples signal(rate / 3 + 1);
    for (auto& sample : signal) sample = static_cast<std::int16_t>(random());
    const auto whole = by_telephone(signal, rate);
    TelephoneLine line(rate);
    for (int call = 0; call < 2; ++call) {
      Samples pieces;
      for (std::size_t done = 0; done < signal.size();) {
        const auto size = std::min<std::size_t>(1 + random() % 700, signal.size() - done);
        line.add(std::span(signal).subspan(done, size), pieces);
        done += size;
      }
      line.finish(pieces);
      CHECK((pieces == whole));
    }
  }
}

TEST_CASE("silence stays silence, and full scale does not wrap") {
  CHECK((by_telephone(Samples(2'400), 24'000) == Samples(800)));
  Samples square(8'000);
  for (std::size_t i = 0; i < square.size(); ++i) square[i] = i % 10 < 5 ? 32'767 : -32'768;
  const auto out = by_telephone(square, 8'000);
  for (std::size_t i = 1'000; i < 7'000; ++i) {
    if (i % 10 == 2) REQUIRE(out[i] > 20'000);
    if (i % 10 == 7) REQUIRE(out[i] < -20'000);
  }
}

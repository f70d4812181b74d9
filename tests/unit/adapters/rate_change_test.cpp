#include <catch2/catch.hpp>

#include <adapters/rate_change.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <new>
#include <numbers>
#include <random>

using trunkline::adapters::change_rate;
using trunkline::adapters::rate_changer;
using Samples = std::vector<std::int16_t>;

// Allocations are counted for the last test, but not where a sanitizer has a `new` of its own to watch them.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TRUNKLINE_COUNTS_ALLOCATIONS 0
#else
#define TRUNKLINE_COUNTS_ALLOCATIONS 1
#endif

#if TRUNKLINE_COUNTS_ALLOCATIONS
namespace {

thread_local std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
#endif

namespace {

struct Change {
  std::uint32_t from;
  std::uint32_t to;
};

constexpr Change changes[] = {{16'000, 8'000},  {24'000, 8'000},  {8'000, 16'000}, {8'000, 24'000},
                              {16'000, 24'000}, {24'000, 16'000}, {8'000, 8'000}};

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

// What is left of `samples` without the tone that was put in: images of it, and the noise of rounding.
double rest_db(Samples samples, const Samples& expected) {
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<std::int16_t>(samples[i] - expected[i]);
  return level_db(samples);
}

Samples noise(std::size_t size) {
  std::mt19937 random(7);
  std::uniform_int_distribution<int> any(-32'768, 32'767);
  Samples samples(size);
  for (auto& sample : samples) sample = static_cast<std::int16_t>(any(random));
  return samples;
}

}  // namespace

TEST_CASE("a lower rate keeps its band and removes what would alias into it") {
  for (const std::uint32_t from : {16'000U, 24'000U}) {
    for (const double hz : {50.0, 300.0, 1'000.0, 2'500.0, 3'400.0}) {
      INFO(from << " Hz, a tone of " << hz);
      CHECK(level_db(change_rate(tone(hz, from, from), from, 8'000)) == Approx(0).margin(0.05));
    }
    for (double hz = 4'600; hz < from / 2.0; hz += 150) {
      INFO(from << " Hz, a tone of " << hz);
      CHECK(level_db(change_rate(tone(hz, from, from), from, 8'000)) < -58);
    }
  }
}

TEST_CASE("24 to 16 kHz keeps 6.8 kHz and removes 9.2") {
  CHECK(level_db(change_rate(tone(6'800, 24'000, 6'000), 24'000, 16'000)) == Approx(0).margin(0.05));
  for (const double hz : {9'200.0, 10'000.0, 11'900.0}) {
    INFO(hz);
    CHECK(level_db(change_rate(tone(hz, 24'000, 6'000), 24'000, 16'000)) < -58);
  }
}

TEST_CASE("a tone is the same tone at the same place after every change, and nothing is added to it") {
  for (const auto& [from, to] : changes) {
    for (const double hz : {200.0, 1'000.0, 3'000.0, 0.42 * std::min(from, to)}) {
      INFO(from << " to " << to << " Hz, a tone of " << hz);
      const auto changed = change_rate(tone(hz, from, from / 4), from, to);
      CHECK(rest_db(changed, tone(hz, to, changed.size())) < -55);
    }
  }
}

TEST_CASE("the samples that are kept are kept as they were when the rate is a multiple") {
  const auto before = noise(2'000);
  for (const std::uint32_t times : {1U, 2U, 3U}) {
    const auto after = change_rate(before, 8'000, 8'000 * times);
    for (std::size_t i = 0; i < before.size(); ++i) REQUIRE(after[i * times] == before[i]);
  }
}

TEST_CASE("how a signal is cut into pieces changes no bit") {
  const auto signal = noise(4'801);
  std::mt19937 random(1);
  for (const auto& [from, to] : changes) {
    const auto whole = change_rate(signal, from, to);
    for (const std::size_t longest : {1U, 2U, 7U, 160U, 961U}) {
      auto change = rate_changer(from, to);
      Samples pieces;
      for (std::size_t done = 0; done < signal.size();) {
        const auto size = std::min<std::size_t>(1 + random() % longest, signal.size() - done);
        change.add(std::span(signal).subspan(done, size), pieces);
        change.add({}, pieces);
        done += size;
      }
      change.finish(pieces);
      INFO(from << " to " << to << " Hz in pieces of up to " << longest);
      CHECK((pieces == whole));
    }
  }
}

TEST_CASE("a tone goes on across pieces without a seam") {
  auto change = rate_changer(24'000, 8'000);
  const auto wide = tone(1'000, 24'000, 24'000);
  Samples narrow;
  for (std::size_t done = 0; done < wide.size(); done += 480) change.add(std::span(wide).subspan(done, 480), narrow);
  change.finish(narrow);
  const auto expected = tone(1'000, 8'000, narrow.size());
  for (std::size_t i = 20; i + 20 < narrow.size(); ++i) REQUIRE(std::abs(narrow[i] - expected[i]) < 20);
}

TEST_CASE("any length comes out in its length, and no later than it must") {
  for (const auto& [from, to] : changes) {
    for (std::size_t size = 0; size < 60; ++size) {
      const auto expected = (size * to + from - 1) / from;
      CHECK(change_rate(Samples(size), from, to).size() == expected);
    }
    auto change = rate_changer(from, to);
    Samples out;
    change.add(Samples(from), out);
    CHECK(out.size() >= to - to / 500);
  }
}

TEST_CASE("after the end a signal is met as the first one was") {
  const auto first = noise(1'001);
  const auto second = tone(500, 24'000, 700);
  auto change = rate_changer(24'000, 16'000);
  Samples out;
  change.add(first, out);
  change.finish(out);
  out.clear();
  change.add(second, out);
  change.finish(out);
  CHECK((out == change_rate(second, 24'000, 16'000)));
}

TEST_CASE("full scale does not wrap, and silence stays silence") {
  Samples square(2'400);
  for (std::size_t i = 0; i < square.size(); ++i) square[i] = i % 120 < 60 ? 32'767 : -32'768;
  for (const auto& [from, to] : changes) {
    const auto changed = change_rate(square, from, to);
    const std::size_t period = 120 * to / from;
    for (std::size_t i = 0; i < changed.size(); ++i) {
      const std::size_t at = i % period;
      const bool high = at > period / 8 && at < period * 3 / 8;
      const bool low = at > period * 5 / 8 && at < period * 7 / 8;
      if (high) REQUIRE(changed[i] > 20'000);
      if (low) REQUIRE(changed[i] < -20'000);
    }
    CHECK((change_rate(Samples(100), from, to) == Samples(100 * to / from + (100 * to % from == 0 ? 0 : 1))));
  }
}

TEST_CASE("pieces of a length that went through before take no memory") {
#if TRUNKLINE_COUNTS_ALLOCATIONS
  auto change = rate_changer(24'000, 8'000);
  const auto frame = tone(1'000, 24'000, 480);
  Samples out;
  for (int i = 0; i < 3; ++i) {
    out.clear();
    change.add(frame, out);
  }
  const auto before = allocations;
  for (int i = 0; i < 1'000; ++i) {
    out.clear();
    change.add(frame, out);
  }
  const auto after = allocations;
  CHECK(after == before);
#else
  WARN("skipped: a sanitizer counts allocations itself");
  SUCCEED();
#endif
}

#include "sim/resample.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <numbers>

namespace trunkline::sim {
namespace {

std::vector<std::int16_t> tone(double hertz, std::uint32_t rate, double seconds) {
  std::vector<std::int16_t> out(static_cast<std::size_t>(rate * seconds));
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::int16_t>(10'000 * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(i) / rate));
  }
  return out;
}

TEST_CASE("a tone is the same tone at another rate") {
  const auto [from, to] = GENERATE(std::pair{8'000U, 16'000U}, std::pair{8'000U, 24'000U}, std::pair{16'000U, 24'000U},
                                   std::pair{24'000U, 16'000U}, std::pair{8'000U, 8'000U});
  const auto out = resample(tone(440, from, 0.5), from, to);
  const auto wanted = tone(440, to, 0.5);
  REQUIRE(out.size() == wanted.size());
  int worst = 0;
  for (std::size_t i = 500; i + 500 < out.size(); ++i) worst = std::max(worst, std::abs(out[i] - wanted[i]));
  CHECK(worst < 100);
}

TEST_CASE("what the lower rate cannot carry is gone") {
  const auto out = resample(tone(10'000, 24'000, 0.2), 24'000, 16'000);
  for (std::size_t i = 200; i + 200 < out.size(); ++i) CHECK(std::abs(out[i]) < 100);
}

}  // namespace
}  // namespace trunkline::sim

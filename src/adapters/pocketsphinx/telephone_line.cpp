#include <trunkline/media/g711.hpp>

#include <adapters/pocketsphinx/telephone_line.hpp>
#include <adapters/rate_change.hpp>
#include <cmath>
#include <numbers>

namespace trunkline::adapters {
namespace {

constexpr std::uint32_t rate = 8'000;
constexpr double lowest_hz = 300;
constexpr double highest_hz = 3'400;

// 8 ms to either side: 60 dB down 230 Hz beside the edges.
FilterSide telephone_band() {
  FilterSide side(64);
  side[0] = 2 * (highest_hz - lowest_hz) / rate;
  for (std::size_t i = 1; i < side.size(); ++i) {
    const auto n = static_cast<double>(i);
    const auto low_pass = [n](double hz) { return std::sin(2 * std::numbers::pi * hz * n / rate); };
    side[i] = (low_pass(highest_hz) - low_pass(lowest_hz)) / (std::numbers::pi * n) *
              kaiser_60_db(n, static_cast<double>(side.size()));
  }
  return side;
}

void through_mulaw(std::span<std::int16_t> samples) {
  for (auto& sample : samples) sample = media::mulaw_table[media::linear_to_mulaw(sample)];
}

}  // namespace

TelephoneLine::TelephoneLine(std::uint32_t sample_rate)
    : to_8_khz_(rate_changer(sample_rate, rate)), band_(telephone_band()) {}

void TelephoneLine::add(std::span<const std::int16_t> in, std::vector<std::int16_t>& out) {
  const std::size_t before = out.size();
  narrow_.clear();
  to_8_khz_.add(in, narrow_);
  band_.add(narrow_, out);
  through_mulaw(std::span(out).subspan(before));
}

void TelephoneLine::finish(std::vector<std::int16_t>& out) {
  const std::size_t before = out.size();
  narrow_.clear();
  to_8_khz_.finish(narrow_);
  band_.add(narrow_, out);
  band_.finish(out);
  through_mulaw(std::span(out).subspan(before));
}

}  // namespace trunkline::adapters

#include <trunkline/adapters/sample_call.hpp>

#include <adapters/flite/flite_voice.hpp>
#include <adapters/half_band.hpp>
#include <array>

namespace trunkline::adapters {
namespace {

struct Said {
  const char* text;
  const char* expected;
};

constexpr std::array script = {Said{"check my balance", "check my balance"}, Said{"four two seven one", "4271"},
                               Said{"yes please", "yes please"}, Said{"goodbye", "goodbye"}};
constexpr std::size_t samples_per_ms = 8;
constexpr std::size_t pause = 1'800 * samples_per_ms;

std::int64_t end_ms(const SampleCall& call) {
  return static_cast<std::int64_t>(call.audio.size() / samples_per_ms);
}

}  // namespace

Result<SampleCall> sample_call(std::int64_t lead_in_ms) {
  SampleCall call;
  call.audio.resize(static_cast<std::size_t>(lead_in_ms) * samples_per_ms);
  for (const auto& said : script) {
    const auto spoken = speak_with_flite("rms", said.text);
    if (!spoken) return spoken.error();
    const auto samples = halve_rate(*spoken);
    const auto start = end_ms(call);
    call.audio.insert(call.audio.end(), samples.begin(), samples.end());
    call.lines.push_back({start, end_ms(call), said.text, said.expected});
    call.audio.resize(call.audio.size() + pause);
  }
  return call;
}

}  // namespace trunkline::adapters

#include <trunkline/adapters/sample_call.hpp>
#include <trunkline/media/frame.hpp>

#include <adapters/flite/flite_voice.hpp>
#include <adapters/rate_change.hpp>
#include <array>
#include <iterator>

namespace trunkline::adapters {
namespace {

struct Said {
  const char* text;
  const char* expected;
};

constexpr std::array script = {Said{"check my balance", "check my balance"}, Said{"four two seven one", "4271"},
                               Said{"yes please", "yes please"}, Said{"goodbye", "goodbye"}};
constexpr std::int64_t pause_ms = 1'800;

}  // namespace

Result<SampleCall> sample_call(std::int64_t lead_in_ms, std::uint32_t sample_rate) {
  const media::Format format{media::Encoding::pcm16, sample_rate};
  SampleCall call;
  call.audio.resize(static_cast<std::size_t>(format.samples(lead_in_ms)));
  for (const auto& said : script) {
    const auto spoken = speak_with_flite("rms", said.text);
    if (!spoken) return spoken.error();
    const auto samples = change_rate(*spoken, flite_sample_rate, sample_rate);
    const auto start = format.ms(std::ssize(call.audio));
    call.audio.insert(call.audio.end(), samples.begin(), samples.end());
    call.lines.push_back({start, format.ms(std::ssize(call.audio)), said.text, said.expected});
    call.audio.resize(call.audio.size() + static_cast<std::size_t>(format.samples(pause_ms)));
  }
  return call;
}

}  // namespace trunkline::adapters

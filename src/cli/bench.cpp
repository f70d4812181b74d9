#include "cli/commands.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/media/quality_meter.hpp>
#include <trunkline/media/stream.hpp>
#include <trunkline/providers/acs/media_machine.hpp>
#include <trunkline/providers/twilio/stream_machine.hpp>

#include <nlohmann/json.hpp>

#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

namespace trunkline::cli {
namespace {

namespace acs = providers::acs;
namespace twilio = providers::twilio;
using nlohmann::ordered_json;

constexpr std::size_t frame_bytes = 160;
constexpr std::int64_t frame_ms = 20;

struct Figure {
  std::string what;
  double ns_per_frame;
};

class NoQuality final : public media::QualityListener {
  void on_alert(const media::QualityAlert&) noexcept override {}
  void on_summary(const media::QualitySummary&) noexcept override {}
};

/// Calls `frame(i)` for `time` and says what one call cost.
template <class Frame>
double measure(std::chrono::milliseconds time, Frame frame) {
  constexpr std::int64_t batch = 1'000;
  std::int64_t count = 0;
  const auto began = std::chrono::steady_clock::now();
  auto now = began;
  for (; now - began < time; now = std::chrono::steady_clock::now()) {
    for (std::int64_t i = 0; i < batch; ++i) frame(count++);
  }
  return std::chrono::duration<double, std::nano>(now - began).count() / static_cast<double>(count);
}

twilio::StreamStart a_start() {
  twilio::StreamStart start;
  start.account_sid = "AC" + std::string(32, '1');
  start.call_sid = "CA" + std::string(32, '2');
  start.stream_sid = "MZ" + std::string(32, '3');
  start.tracks = {media::Track::inbound};
  return start;
}

// A machine that has its start, and the messages of a second of audio after it.
struct Scene {
  twilio::StreamMachine machine{MonoTime{}, {.idle_timeout = milliseconds{0}}};
  std::vector<std::string> messages;

  Scene() {
    const twilio::StreamStart start = a_start();
    std::string text;
    twilio::carrier::append_connected(text);
    machine.step(text, MonoTime{});
    text.clear();
    twilio::carrier::append_start(text, 1, start);
    machine.step(text, MonoTime{});
    const std::vector<std::uint8_t> payload(frame_bytes, 0x5A);
    for (std::uint64_t i = 0; i < 50; ++i) {
      auto& message = messages.emplace_back();
      twilio::carrier::append_media(
          message, {i + 2, start.stream_sid},
          {.chunk = i + 1, .timestamp_ms = static_cast<std::int64_t>(i) * frame_ms, .payload = payload});
    }
  }
};

// The same of ACS, at 16 kHz.
struct AcsScene {
  acs::MediaMachine machine{MonoTime{}, {.idle_timeout = milliseconds{0}}};
  std::vector<std::string> messages;

  AcsScene() {
    const media::Format format{media::Encoding::pcm16, 16'000};
    const std::vector<std::uint8_t> payload(acs::bytes_of(format, frame_ms), 0x5A);
    std::string text;
    acs::carrier::append_metadata(text, {std::string(32, '1'), format, payload.size()});
    machine.step(text, MonoTime{});
    for (std::int64_t i = 0; i < 50; ++i) {
      const std::string timestamp = text::to_rfc3339(from_millis(1'795'176'061'000 + i * frame_ms));
      acs::carrier::append_audio_data(messages.emplace_back(), {timestamp, "4:+16045551234"}, false, payload);
    }
  }
};

std::vector<Figure> measure_all(std::chrono::milliseconds time) {
  std::vector<Figure> figures;
  Scene parsing;
  figures.push_back({"Twilio media message: parse and decode", measure(time, [&](std::int64_t i) {
                       parsing.machine.step(parsing.messages[static_cast<std::size_t>(i % 50)], MonoTime{});
                     })});
  AcsScene acs_parsing;
  figures.push_back({"ACS audio message: parse and decode", measure(time, [&](std::int64_t i) {
                       acs_parsing.machine.step(acs_parsing.messages[static_cast<std::size_t>(i % 50)], MonoTime{});
                     })});
  NoQuality quality;
  media::Stream stream({}, MonoTime{});
  stream.add_sink(media::make_quality_meter({}, quality));
  const std::vector<std::uint8_t> payload(frame_bytes, 0x5A);
  figures.push_back({"stream and quality meter", measure(time, [&](std::int64_t i) {
                       stream.receive(media::Track::inbound, i * frame_ms, payload,
                                      MonoTime{milliseconds{i * frame_ms}});
                     })});
  std::string out;
  figures.push_back({"outbound message: encode", measure(time, [&](std::int64_t) {
                       out.clear();
                       twilio::append_media(out, "MZ33333333333333333333333333333333", payload);
                     })});
  const std::vector<std::uint8_t> wide(acs::bytes_of({media::Encoding::pcm16, 16'000}, frame_ms), 0x5A);
  figures.push_back({"ACS outbound message: encode", measure(time, [&](std::int64_t) {
                       out.clear();
                       acs::append_audio(out, wide);
                     })});
  return figures;
}

}  // namespace

int bench(const Common& common, const BenchOptions& options) {
  const auto figures = measure_all(options.time);
  if (common.json) {
    ordered_json out = ordered_json::array();
    for (const auto& [what, ns] : figures) out.push_back({{"what", what}, {"nsPerFrame", ns}});
    std::cout << out.dump(2) << '\n';
    return ok;
  }
  std::cout << "One 20 ms frame, 8 kHz mu-law or for ACS 16 kHz PCM, nanoseconds on one core:\n";
  for (const auto& [what, ns] : figures) {
    std::cout << "  " << std::left << std::setw(44) << what << std::right << std::setw(8) << std::fixed
              << std::setprecision(0) << ns << '\n';
  }
  return ok;
}

}  // namespace trunkline::cli

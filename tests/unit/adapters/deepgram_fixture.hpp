#pragma once

#include <trunkline/adapters/deepgram_machine.hpp>

#include <string>
#include <utility>
#include <vector>

namespace trunkline::test {

/// Writes down what the machine wants done, one line an action, and time that a test moves.
class DeepgramFixture : public adapters::DeepgramOutput {
 public:
  explicit DeepgramFixture(adapters::DeepgramLimits limits = {}, media::Format audio = {})
      : format(audio), machine({media::Track::inbound, audio, "nova-3", "en-US"}, [this] { return chance; }, limits) {}

  void connect() override { actions.push_back("connect"); }
  bool send_binary(std::span<const std::uint8_t> audio) override {
    if (!accepts) return false;
    sent.insert(sent.end(), audio.begin(), audio.end());
    actions.push_back("audio " + std::to_string(audio.size()));
    return true;
  }
  bool send_text(std::string_view message) override {
    if (!accepts) return false;
    actions.push_back("text " + std::string(message));
    return true;
  }
  void close() override { actions.push_back("close"); }
  void segment(const speech::Segment& segment) override { segments.push_back(segment); }
  void trouble(const std::string& reason, const std::string&) override { actions.push_back("trouble " + reason); }
  void finished() override { actions.push_back("finished"); }

  /// Opens the first connection.
  void open() {
    machine.start(now, *this);
    machine.connected(now, *this);
    actions.clear();
  }
  /// `ms` of audio in frames of 20 ms as they come, each with the tick that follows.
  void speak(std::int64_t ms, std::uint8_t byte = 0x7E) {
    const auto samples = format.samples(20);
    const std::vector<std::uint8_t> frame(static_cast<std::size_t>(samples) * format.sample_bytes(), byte);
    for (std::int64_t done = 0; done < ms; done += 20) {
      machine.audio(frame, position, now, *this);
      position += samples;
      pass(20);
    }
  }
  void pass(std::int64_t ms) {
    now += milliseconds{ms};
    machine.tick(now, *this);
  }
  void lose_connection(net::CloseCode code = net::CloseCode::abnormal, int http_status = 0) {
    machine.closed({code, "", http_status}, now, *this);
  }
  void results(const std::string& transcript, double start, double duration, const std::string& flags,
               double confidence = 0.9) {
    machine.text(R"({"type":"Results","start":)" + std::to_string(start) + R"(,"duration":)" +
                     std::to_string(duration) + flags + R"(,"channel":{"alternatives":[{"transcript":")" + transcript +
                     R"(","confidence":)" + std::to_string(confidence) + R"(,"words":[]}]}})",
                 now, *this);
  }
  std::vector<std::string> taken() { return std::exchange(actions, {}); }

  const media::Format format;
  double chance = 0.5;
  bool accepts = true;
  MonoTime now{std::chrono::hours(1)};
  std::int64_t position = 0;
  std::vector<std::string> actions;
  std::vector<std::uint8_t> sent;
  std::vector<speech::Segment> segments;
  adapters::DeepgramMachine machine;
};

using Actions = std::vector<std::string>;

}  // namespace trunkline::test

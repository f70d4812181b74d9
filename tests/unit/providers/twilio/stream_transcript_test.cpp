#include <trunkline/providers/twilio/stream_machine.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>

using namespace trunkline;
using namespace trunkline::providers::twilio;

namespace {

struct Replay {
  StreamMachine machine{MonoTime{}};
  StreamStart start;
  std::size_t bytes[2] = {};
  std::int64_t last_timestamp[2] = {};
  std::vector<std::string> marks;
  std::string digits;
  bool stopped = false;

  void take(const StreamAction& action) {
    if (const auto* started = std::get_if<Started>(&action)) start = *started->start;
    if (const auto* mark = std::get_if<MarkEchoed>(&action)) marks.emplace_back(mark->name);
    if (const auto* dtmf = std::get_if<DtmfReceived>(&action)) digits += dtmf->digit;
    if (std::holds_alternative<Stopped>(action)) stopped = true;
    if (const auto* frame = std::get_if<MediaReceived>(&action)) {
      CHECK(frame->timestamp_ms > last_timestamp[index(frame->track)]);
      last_timestamp[index(frame->track)] = frame->timestamp_ms;
      bytes[index(frame->track)] += frame->payload.size();
    }
  }
};

nlohmann::json row(const std::string& line) {
  return nlohmann::json::parse(line);
}

Replay replay(const std::string& name) {
  std::ifstream file(std::string(TRUNKLINE_SOURCE_DIR "/tests/data/twilio/") + name);
  REQUIRE(file);
  Replay out;
  for (std::string line; std::getline(file, line);) {
    const auto entry = row(line);
    if (entry.value("from", "") != "twilio" || !entry.contains("frame")) continue;
    out.take(out.machine.step(entry["frame"].dump(), MonoTime{milliseconds{entry["at_ms"]}}));
  }
  return out;
}

}  // namespace

TEST_CASE("a recorded bidirectional call replays whole") {
  const Replay call = replay("twilio-stream-example.jsonl");
  CHECK(call.start.call_sid == "CAfedcba9876543210fedcba9876543210");
  CHECK(call.start.account_sid == "AC0123456789abcdef0123456789abcdef");
  CHECK(call.start.stream_sid == "MZ0f1e2d3c4b5a69780f1e2d3c4b5a6978");
  CHECK(call.start.tracks == std::vector{media::Track::inbound});
  CHECK(call.start.parameters.at("token") == "b3f1c0de5eed4a1e");
  CHECK(call.start.parameters.at("note") == "caf\xC3\xA9 & <co>");
  CHECK(call.machine.counters().media == 40);
  CHECK(call.bytes[index(media::Track::inbound)] == 40 * 160);
  CHECK(call.bytes[index(media::Track::outbound)] == 0);
  CHECK(call.marks == std::vector<std::string>{"u1:end", "u2:200", "u2:end"});
  CHECK(call.digits == "5");
  CHECK(call.stopped);
  CHECK(call.machine.counters().missing == 0);
  CHECK(call.machine.counters().out_of_order == 0);
  CHECK(call.machine.counters().ignored == std::array<std::uint64_t, ignored_count>{});
}

TEST_CASE("a recorded call with both tracks replays whole") {
  const Replay call = replay("twilio-stream-example-both-tracks.jsonl");
  CHECK(call.start.tracks == std::vector{media::Track::inbound, media::Track::outbound});
  CHECK(call.start.parameters.empty());
  CHECK(call.bytes[index(media::Track::inbound)] == call.bytes[index(media::Track::outbound)]);
  CHECK(call.bytes[index(media::Track::inbound)] == 160 * call.machine.counters().media / 2);
  CHECK(call.stopped);
  CHECK(call.machine.counters().missing == 0);
  CHECK(call.machine.counters().ignored == std::array<std::uint64_t, ignored_count>{});
}

#include <trunkline/providers/acs/media_machine.hpp>
#include <trunkline/providers/acs/transcription_machine.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>

using namespace trunkline;
using namespace trunkline::providers::acs;

namespace {

constexpr std::array<std::uint64_t, ignored_count> nothing_ignored{};

struct Message {
  std::string text;
  MonoTime at;
  bool alternative;  // of a call that was set up otherwise
  bool preview;
};

std::vector<Message> messages(std::string_view channel, std::string_view direction) {
  std::ifstream file(TRUNKLINE_SOURCE_DIR "/tests/data/acs/acs-stream-example.jsonl");
  REQUIRE(file);
  std::vector<Message> out;
  for (std::string line; std::getline(file, line);) {
    // In the file's own order of members.
    const auto entry = nlohmann::ordered_json::parse(line);
    if (entry["channel"] != channel || entry["dir"] != direction) continue;
    out.push_back({entry["message"].dump(), MonoTime{milliseconds{entry["t_ms"]}}, entry.value("alternative", false),
                   entry.value("preview", false)});
  }
  return out;
}

struct Replay {
  MediaMachine machine{MonoTime{}};
  std::vector<std::int64_t> timestamps;
  std::vector<std::size_t> bytes = std::vector<std::size_t>(max_participants);
  std::string digits;

  void take(const Message& message) {
    const MediaAction action = machine.step(message.text, message.at);
    if (const auto* dtmf = std::get_if<DtmfReceived>(&action)) digits += dtmf->digit;
    if (const auto* frame = std::get_if<MediaReceived>(&action)) {
      REQUIRE(frame->timestamp_ms);
      timestamps.push_back(*frame->timestamp_ms);
      bytes[frame->participant] += frame->payload.size();
    }
  }
};

}  // namespace

TEST_CASE("a recorded unmixed ACS call replays whole") {
  Replay call;
  for (const Message& message : messages("media-ws", "acs->gateway")) {
    if (!message.alternative && !message.preview) call.take(message);
  }
  CHECK(call.machine.counters().media == 13);
  CHECK(call.machine.counters().silent == 4);
  CHECK(call.machine.counters().without_time == 0);
  REQUIRE(call.machine.participants().size() == 2);
  CHECK(call.machine.participants()[0] == "4:+16045551234");
  CHECK(call.machine.participants()[1].starts_with("8:acs:"));
  CHECK(call.bytes[0] == 12 * 640);
  CHECK(call.bytes[1] == 640);
  CHECK(std::is_sorted(call.timestamps.begin(), call.timestamps.end()));
  CHECK(call.timestamps.back() - call.timestamps.front() == 360);
  CHECK(call.digits == "3");
  CHECK(call.machine.ignored() == nothing_ignored);
}

TEST_CASE("a recorded ACS call at 24 kHz replays whole") {
  Replay call;
  bool begun = false;
  for (const Message& message : messages("media-ws", "acs->gateway")) {
    begun = begun || (message.alternative && message.text.find("24000") != std::string::npos);
    if (begun) call.take(message);
  }
  CHECK(call.machine.counters().media == 1);
  CHECK(call.bytes[0] == 960);
  CHECK(call.machine.ignored() == nothing_ignored);
}

TEST_CASE("a mixed frame and a mark of a preview do not disturb an ACS call") {
  Replay call;
  const auto all = messages("media-ws", "acs->gateway");
  call.take(all.front());
  for (const Message& message : all) {
    if ((message.alternative && message.text.find("null") != std::string::npos) || message.preview) call.take(message);
  }
  CHECK(call.machine.counters().media == 1);
  CHECK(call.machine.participants()[0].empty());
  CHECK(call.machine.ignored()[static_cast<std::size_t>(Ignored::unknown_kind)] == 1);
}

TEST_CASE("ACS understands all that was recorded towards it") {
  std::size_t audio = 0;
  std::size_t stops = 0;
  for (const Message& message : messages("media-ws", "gateway->acs")) {
    INFO(message.text);
    const auto read = carrier::parse_message(message.text);
    REQUIRE(read.has_value());
    if (const auto* frame = std::get_if<carrier::Audio>(&read.value())) {
      CHECK(frame->payload.size() == 640);
      ++audio;
    } else {
      ++stops;
    }
  }
  CHECK(audio == 4);
  CHECK(stops == 1);
}

TEST_CASE("a recorded transcription replays whole") {
  TranscriptionMachine machine{MonoTime{}};
  std::vector<TranscribedSegment> segments;
  std::vector<std::int64_t> ends;
  for (const Message& message : messages("transcription-ws", "acs->gateway")) {
    const TranscriptionAction action = machine.step(message.text, message.at);
    if (const auto* metadata = std::get_if<MetadataReceived>(&action)) {
      CHECK(metadata->start->subscription_id == "bfaef734-97aa-41ff-8a70-1a8dbb0f4a2b");
      CHECK(metadata->start->locale == "en-US");
      CHECK(metadata->start->call_connection_id == "421f1d00-1f2a-4b7c-9d0e-0a1b2c3d4e5f");
      CHECK(metadata->start->correlation_id == "7b2f0c64-5a1d-4f0e-9c3b-2d1e0f9a8b7c");
    }
    if (const auto* segment = std::get_if<SegmentReceived>(&action)) {
      CHECK(segment->start_ms == 0);
      segments.push_back(*segment->segment);
      ends.push_back(segment->end_ms);
    }
  }
  REQUIRE(segments.size() == 2);
  CHECK(ends == std::vector<std::int64_t>{610, 1840});
  CHECK_FALSE(segments[0].final);
  CHECK(segments[1].final);
  CHECK(segments[1].text == "I would like to check my order.");
  CHECK(segments[1].confidence == 0.8952);
  CHECK(segments[1].participant == "4:+16045551234");
  CHECK(segments[1].words == std::vector<TranscribedWord>{{"i", 2'516'998'782'481'234'400, 900'000},
                                                          {"would", 2'516'998'782'482'334'400, 2'200'000}});
  CHECK(machine.ignored() == nothing_ignored);
}

#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/transcription_machine.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::providers::acs;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t base = 2'516'998'782'481'234'400;

std::string metadata(std::string_view locale = "en-US", std::string_view call = "c-1") {
  std::string out;
  carrier::append_transcription_metadata(out, {"s-1", std::string(locale), std::string(call), "k-1"});
  return out;
}

std::string spoken(std::string_view more) {
  return R"({"kind":"TranscriptionData","transcriptionData":{"text":"hi","resultStatus":"Final",)" + std::string(more) +
         "}}";
}

std::string at(std::int64_t offset, std::int64_t duration) {
  return spoken("\"offset\":" + std::to_string(offset) + ",\"duration\":" + std::to_string(duration));
}

struct Fixture {
  MonoTime now{1h};
  TranscriptionMachine machine{now};

  TranscriptionAction step(std::string_view text) { return machine.step(text, now); }
  void begin() { REQUIRE(std::holds_alternative<MetadataReceived>(step(metadata()))); }
  void expect_ignored(std::string_view text, Ignored reason) {
    INFO(text.substr(0, 1'000));
    const auto before = machine.ignored()[static_cast<std::size_t>(reason)];
    const auto action = step(text);
    REQUIRE(std::holds_alternative<Ignored>(action));
    CHECK(to_string(std::get<Ignored>(action)) == to_string(reason));
    CHECK(machine.ignored()[static_cast<std::size_t>(reason)] == before + 1);
  }
  SegmentReceived expect_segment(std::string_view text) {
    INFO(text.substr(0, 1'000));
    const auto action = step(text);
    REQUIRE(std::holds_alternative<SegmentReceived>(action));
    return std::get<SegmentReceived>(action);
  }
  void expect_close(const TranscriptionAction& action, net::CloseCode code) {
    REQUIRE(std::holds_alternative<CloseSocket>(action));
    CHECK(std::get<CloseSocket>(action).code == code);
    CHECK(machine.over());
    expect_ignored(at(base, 0), Ignored::after_end);
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a transcription that was written is read as it was") {
  begin();
  const TranscribedSegment segment{"Caf\xC3\xA9, \"please\".",
                                   0.8952,
                                   base,
                                   18'400'000,
                                   "8:acs:a_b",
                                   false,
                                   {{"caf\xC3\xA9", base, 900'000}, {"please", base + 1, 0}}};
  std::string text;
  carrier::append_transcription_data(text, segment);
  const auto received = expect_segment(text);
  CHECK(*received.segment == segment);
  CHECK(received.start_ms == 0);
  CHECK(received.end_ms == 1'840);
  CHECK(machine.segments() == 1);
}

TEST_CASE_METHOD(Fixture, "offsets are exact to the tick") {
  begin();
  for (const std::int64_t offset : {base, base + 1, std::int64_t{9'007'199'254'740'993}, std::int64_t{0},
                                    std::numeric_limits<std::int64_t>::max()}) {
    CHECK(expect_segment(at(offset, offset)).segment->offset_ticks == offset);
    CHECK(expect_segment(at(offset, offset)).segment->duration_ticks == offset);
  }
  CHECK(expect_segment(spoken(R"("offset":"2516998782481234401")")).segment->offset_ticks == base + 1);
}

TEST_CASE_METHOD(Fixture, "ticks that are no whole 64-bit number are malformed") {
  begin();
  for (const std::string_view number : {"2.516998782481234e18", "2.5e18", "1.0", "1.5", "-1", "9223372036854775808",
                                        "18446744073709551616", "1e3", "\"1.5\"", "\"\"", "[]", "true"}) {
    expect_ignored(spoken("\"offset\":" + std::string(number)), Ignored::malformed);
    expect_ignored(spoken("\"offset\":1,\"duration\":" + std::string(number)), Ignored::malformed);
  }
  expect_ignored(spoken("\"offset\":null"), Ignored::malformed);
  CHECK(machine.segments() == 0);
}

TEST_CASE_METHOD(Fixture, "a segment's time counts from the first offset") {
  begin();
  CHECK(expect_segment(at(base, 5'000'000)).end_ms == 500);
  auto segment = expect_segment(at(base + 12'345'678, 10'000'000));
  CHECK(segment.start_ms == 1'234);
  CHECK(segment.end_ms == 2'234);
  segment = expect_segment(at(base - 10'000'000, 20'000'000));
  CHECK(segment.start_ms == 0);
  CHECK(segment.end_ms == 1'000);
  segment = expect_segment(at(base - 10'000'000, 0));
  CHECK(segment.start_ms == 0);
  CHECK(segment.end_ms == 0);
}

TEST_CASE_METHOD(Fixture, "what a segment may lack is left empty") {
  begin();
  const auto& segment = *expect_segment(spoken(R"("offset":1,"words":null,"participantRawID":null)")).segment;
  CHECK(segment == TranscribedSegment{"hi", std::nullopt, 1, 0, "", true, {}});
  CHECK_FALSE(expect_segment(spoken(R"("offset":1,"confidence":"high")")).segment->confidence);
  CHECK_FALSE(expect_segment(spoken(R"("offset":1,"confidence":1.5)")).segment->confidence);
  CHECK(expect_segment(spoken(R"("offset":1,"confidence":1)")).segment->confidence == 1.0);
  CHECK(expect_segment(spoken(R"("offset":1,"words":{})")).segment->words.empty());
}

TEST_CASE_METHOD(Fixture, "the status and the names are understood in any case") {
  begin();
  const std::string text =
      R"({"Kind":"transcriptionData","TranscriptionData":{"Text":"hi","Offset":7,"ParticipantRawId":"4:+1",)";
  for (const auto& [status, final] : std::vector<std::pair<std::string, bool>>{
           {"Final", true}, {"final", true}, {"Intermediate", false}, {"INTERMEDIATE", false}}) {
    const auto received = expect_segment(text + R"("ResultStatus":")" + status + "\"}}");
    CHECK(received.segment->final == final);
    CHECK(received.segment->participant == "4:+1");
  }
  expect_ignored(text + R"("ResultStatus":"Recognized"}})", Ignored::malformed);
  expect_ignored(text + R"("ResultStatus":null}})", Ignored::malformed);
}

TEST_CASE_METHOD(Fixture, "a text that is too long is cut between characters") {
  begin();
  for (std::size_t shift = 0; shift < 3; ++shift) {
    std::string text(shift, 'a');
    while (text.size() < 17 * 1024) text += "\xE2\x82\xAC";
    std::string message;
    carrier::append_transcription_data(message, {text, {}, 1, 0, "", true, {{text, 1, 0}}});
    const auto& segment = *expect_segment(message).segment;
    CHECK(segment.text.size() <= 16 * 1024);
    CHECK(segment.text.size() > 16 * 1024 - 3);
    CHECK(text::is_utf8(segment.text));
    CHECK(text.starts_with(segment.text));
    REQUIRE(segment.words.size() == 1);
    CHECK(segment.words[0].text.size() <= 256);
    CHECK(text::is_utf8(segment.words[0].text));
  }
}

TEST_CASE_METHOD(Fixture, "odd words are left out, and no more than 1024 are kept") {
  begin();
  const auto& odd = *expect_segment(spoken(R"("offset":1,"words":[1,{},{"text":"a"},{"text":"b","offset":2.5},)"
                                           R"({"text":"c","offset":3},{"text":"d","offset":4,"duration":-1}])"))
                         .segment;
  CHECK(odd.words == std::vector<TranscribedWord>{{"c", 3, 0}});
  std::string words;
  for (int i = 0; i < 2'000; ++i) words += R"({"text":"w","offset":1},)";
  words.pop_back();
  CHECK(expect_segment(spoken(R"("offset":1,"words":[)" + words + "]")).segment->words.size() == 1'024);
}

TEST_CASE_METHOD(Fixture, "what comes before the transcription's metadata is ignored") {
  expect_ignored(at(base, 0), Ignored::before_metadata);
  begin();
  expect_segment(at(base, 0));
}

TEST_CASE_METHOD(Fixture, "metadata may come again with another locale, not for another call") {
  begin();
  expect_ignored(metadata(), Ignored::unexpected);
  const auto again = step(metadata("de-DE"));
  REQUIRE(std::holds_alternative<MetadataReceived>(again));
  CHECK(std::get<MetadataReceived>(again).start->locale == "de-DE");
  expect_close(step(metadata("de-DE", "c-2")), net::CloseCode::protocol_error);
}

TEST_CASE_METHOD(Fixture, "metadata of a transcription that are malformed close the socket") {
  const std::string text =
      GENERATE(R"({"kind":"TranscriptionMetadata"})", R"({"kind":"TranscriptionMetadata","transcriptionMetadata":[]})",
               R"({"kind":"TranscriptionMetadata","transcriptionMetadata":{"locale":1}})", "long");
  expect_close(step(text == "long" ? metadata(std::string(129, 'x')) : text), net::CloseCode::protocol_error);
}

TEST_CASE_METHOD(Fixture, "other messages on the transcription socket are ignored") {
  begin();
  expect_ignored(R"({"kind":"WordData"})", Ignored::unknown_kind);
  for (const std::string_view text :
       {"{}", "[]", R"({"kind":"TranscriptionData"})", R"({"kind":"TranscriptionData","transcriptionData":null})",
        R"({"kind":"TranscriptionData","transcriptionData":{"text":1}})"}) {
    expect_ignored(text, Ignored::malformed);
  }
  expect_ignored(spoken("\"offset\":1,\"participantRawID\":\"" + std::string(max_raw_id_bytes + 1, 'x') + '"'),
                 Ignored::malformed);
  expect_ignored(spoken("\"offset\":1,\"x\":" + std::string(20, '[') + std::string(20, ']')), Ignored::malformed);
  expect_ignored(spoken("\"offset\":1") + std::string(256 * 1024, ' '), Ignored::malformed);
}

TEST_CASE_METHOD(Fixture, "a transcription may be silent for long, but not before its metadata") {
  if (GENERATE(true, false)) {
    begin();
    CHECK(machine.deadline() == MonoTime::max());
    CHECK(std::holds_alternative<std::monostate>(machine.tick(now + 24h)));
    return;
  }
  CHECK(machine.deadline() == now + 10s);
  expect_close(machine.tick(now + 10s), net::CloseCode::policy_violation);
}

TEST_CASE_METHOD(Fixture, "ten messages in a row that are not JSON close the transcription socket") {
  begin();
  for (int i = 0; i < 9; ++i) expect_ignored("{", Ignored::invalid_json);
  expect_segment(at(base, 0));
  for (int i = 0; i < 9; ++i) expect_ignored("{", Ignored::invalid_json);
  expect_close(step("{"), net::CloseCode::invalid_payload);
}

#include <trunkline/speech/render.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <vector>

using namespace trunkline;
using speech::StoredSegment;

namespace {

StoredSegment stored(std::string id, media::Track track, std::int64_t start_ms, std::int64_t end_ms, std::string text) {
  speech::Segment segment;
  segment.track = track;
  segment.start_ms = start_ms;
  segment.end_ms = end_ms;
  segment.text = std::move(text);
  segment.confidence = 0.75;
  segment.engine = "embedded";
  segment.language = "en-US";
  return {std::move(id), std::move(segment)};
}

const std::vector<StoredSegment> talk = {
    stored("seg_1", media::Track::inbound, 1'200, 2'345, "check my balance"),
    stored("seg_2", media::Track::outbound, 3'661'007, 3'662'000, "it is <5> & \"falling\""),
};

}  // namespace

TEST_CASE("a transcript as JSON carries every field, and text that is safe to display") {
  const auto items = nlohmann::json::parse(speech::render_json(talk));
  REQUIRE(items.size() == 2);
  CHECK(items[0] == nlohmann::json::parse(R"({"segmentId":"seg_1","track":"inbound","startMs":1200,"endMs":2345,
    "text":"check my balance","displayText":"check my balance","confidence":0.75,"engine":"embedded",
    "language":"en-US"})"));
  CHECK(items[1]["text"] == "it is <5> & \"falling\"");
  CHECK(items[1]["displayText"] == "it is &lt;5&gt; &amp; &quot;falling&quot;");
}

TEST_CASE("an empty transcript is an empty array, an empty text and a bare WebVTT header") {
  CHECK(speech::render_json({}) == "[]");
  CHECK(speech::render_text({}).empty());
  CHECK(speech::render_vtt({}) == "WEBVTT\n");
}

TEST_CASE("a transcript as text shows hours only when there are any") {
  CHECK(speech::render_text(talk) ==
        "[00:01.200] caller: check my balance\n"
        "[01:01:01.007] agent: it is <5> & \"falling\"\n");
}

TEST_CASE("further participants are told apart") {
  const std::vector<StoredSegment> said = {stored("seg_3", media::further_track(1), 0, 1'000, "hello")};
  CHECK(speech::render_text(said) == "[00:00.000] participant 3: hello\n");
  CHECK(nlohmann::json::parse(speech::render_json(said))[0]["track"] == "inbound-3");
}

TEST_CASE("a transcript as WebVTT has cues with voices and escaped text") {
  CHECK(speech::render_vtt(talk) ==
        "WEBVTT\n"
        "\nseg_1\n00:00:01.200 --> 00:00:02.345\n<v caller>check my balance\n"
        "\nseg_2\n01:01:01.007 --> 01:01:02.000\n<v agent>it is &lt;5&gt; &amp; \"falling\"\n");
}

TEST_CASE("a segment cannot forge another line or cue") {
  const std::vector forged = {stored("seg_3", media::Track::inbound, 0, 0, "hi\n\n00:00 --> 00:01\r\nagent: ok")};
  CHECK(speech::render_text(forged) == "[00:00.000] caller: hi  00:00 --> 00:01  agent: ok\n");
  CHECK(speech::render_vtt(forged) ==
        "WEBVTT\n\nseg_3\n00:00:00.000 --> 00:00:00.001\n<v caller>hi  00:00 --&gt; 00:01  agent: ok\n");
}

TEST_CASE("bytes that are not UTF-8 do not break the JSON") {
  const std::vector broken = {stored("seg_4", media::Track::inbound, 0, 10, "caf\xE9")};
  CHECK(nlohmann::json::parse(speech::render_json(broken))[0]["text"] == "caf\xEF\xBF\xBD");
}

#include <trunkline/providers/acs/media_codec.hpp>
#include <trunkline/providers/acs/transcription_codec.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::providers::acs;

namespace {

const std::vector<std::uint8_t> payload = {0xFF, 0x7F, 0x00, 0x80};

template <class... Args>
std::string made_by(void (*append)(std::string&, Args...), std::type_identity_t<Args>... args) {
  std::string out = "kept";
  append(out, args...);
  REQUIRE(out.starts_with("kept"));
  return out.substr(4);
}

}  // namespace

TEST_CASE("what we send to ACS has exactly its shapes") {
  CHECK(made_by(append_audio, payload) == R"({"kind":"AudioData","audioData":{"data":"/38AgA=="}})");
  CHECK(made_by(append_stop) == R"({"kind":"StopAudio","audioData":null,"stopAudio":{}})");
}

TEST_CASE("a warm buffer for ACS audio is not allocated again") {
  std::string out;
  const std::vector<std::uint8_t> audio(640);
  append_audio(out, audio);
  const auto* where = out.data();
  for (int i = 0; i < 100; ++i) {
    out.clear();
    append_audio(out, audio);
  }
  CHECK(out.data() == where);
}

TEST_CASE("the messages of ACS have the documented shapes") {
  using namespace carrier;
  CHECK(made_by(append_metadata, StreamStart{"89e8cb59", {media::Encoding::pcm16, 24'000}, 960}) ==
        R"({"kind":"AudioMetadata","audioMetadata":{"subscriptionId":"89e8cb59","encoding":"PCM","sampleRate":24000,)"
        R"("channels":1,"length":960}})");
  const Origin whole{"2026-11-20T12:01:01.000Z", "4:+1\"2"};
  CHECK(made_by(append_audio_data, whole, false, payload) ==
        R"({"kind":"AudioData","audioData":{"timestamp":"2026-11-20T12:01:01.000Z","participantRawID":"4:+1\"2",)"
        R"("data":"/38AgA==","silent":false}})");
  CHECK(made_by(append_audio_data, Origin{std::nullopt, ""}, true, payload) ==
        R"({"kind":"AudioData","audioData":{"participantRawID":null,"data":"/38AgA==","silent":true}})");
  CHECK(made_by(append_audio_data, Origin{}, true, payload) ==
        R"({"kind":"AudioData","audioData":{"data":"/38AgA==","silent":true}})");
  CHECK(made_by(append_dtmf, Origin{}, "3") == R"({"kind":"DtmfData","dtmfData":{"data":"3"}})");
  CHECK(made_by(append_dtmf, whole, "pound") ==
        R"({"kind":"DtmfData","dtmfData":{"timestamp":"2026-11-20T12:01:01.000Z","participantRawID":"4:+1\"2",)"
        R"("data":"pound"}})");
}

TEST_CASE("the messages of ACS's transcription have the documented shapes") {
  using namespace carrier;
  CHECK(made_by(append_transcription_metadata, TranscriptionStart{"s", "en-US", "c", "k"}) ==
        R"({"kind":"TranscriptionMetadata","transcriptionMetadata":{"subscriptionId":"s","locale":"en-US",)"
        R"("callConnectionId":"c","correlationId":"k","speechRecognitionModelEndpointId":null}})");
  const TranscribedSegment segment{
      "Hi.", 0.5, 2'516'998'782'481'234'400, 18'400'000, "4:+1", true, {{"hi", 2'516'998'782'481'234'401, 900'000}}};
  CHECK(made_by(append_transcription_data, segment) ==
        R"({"kind":"TranscriptionData","transcriptionData":{"text":"Hi.","format":"display","confidence":0.5,)"
        R"("offset":2516998782481234400,"duration":18400000,"words":[{"text":"hi","offset":2516998782481234401,)"
        R"("duration":900000}],"participantRawID":"4:+1","resultStatus":"Final"}})");
  CHECK(made_by(append_transcription_data, TranscribedSegment{"", {}, 1, 0, "", false, {}}) ==
        R"({"kind":"TranscriptionData","transcriptionData":{"text":"","format":"display","offset":1,"duration":0,)"
        R"("words":[],"participantRawID":null,"resultStatus":"Intermediate"}})");
}

TEST_CASE("ACS reads what we send") {
  const auto audio = carrier::parse_message(made_by(append_audio, payload));
  CHECK(std::get<carrier::Audio>(audio.value()).payload == payload);
  CHECK(std::holds_alternative<carrier::Stop>(carrier::parse_message(made_by(append_stop)).value()));
}

TEST_CASE("ACS reads what every library sends") {
  const std::string audio =
      GENERATE(R"({"kind":"audioData","audioData":{"data":"/38AgA==","isSilent":false},"stopAudio":{}})",
               R"({"Kind":"AudioData","AudioData":{"Data":"/38AgA=="},"StopAudio":null})",
               R"({"kind":"AudioData","audioData":{"data":"/38AgA=="}})",
               R"({"Kind":"AudioData","AudioData":{"data":"/38AgA=="},"StopAudio":null})",
               R"({"Kind":"AudioData","AudioData":{"Data":"/38AgA==","Mark":{"Sequence":"m-1"}},"StopAudio":null})");
  INFO(audio);
  CHECK(std::get<carrier::Audio>(carrier::parse_message(audio).value()).payload == payload);
  const std::string stop =
      GENERATE(R"({"kind":"stopAudio","stopAudio":{}})", R"({"Kind":"StopAudio","AudioData":null,"StopAudio":{}})",
               R"({"kind":"StopAudio","audioData":null,"stopAudio":{}})");
  INFO(stop);
  CHECK(std::holds_alternative<carrier::Stop>(carrier::parse_message(stop).value()));
}

TEST_CASE("ACS refuses what it could not play") {
  for (const std::string_view text :
       {"", "x", "[]", "1", "{}", R"({"kind":1})", R"({"kind":"Flush"})", R"({"kind":"DtmfData","dtmfData":{}})",
        R"({"kind":"AudioData"})", R"({"kind":"AudioData","audioData":null})", R"({"kind":"AudioData","audioData":{}})",
        R"({"kind":"AudioData","audioData":{"data":1}})", R"({"kind":"AudioData","audioData":{"data":""}})",
        R"({"kind":"AudioData","audioData":{"data":"AA=="}})", R"({"kind":"AudioData","audioData":{"data":"!!"}})",
        R"({"kind":"StopAudio"})", R"({"kind":"StopAudio","stopAudio":null})", R"({"stopAudio":{}})"}) {
    INFO(text);
    const auto result = carrier::parse_message(text);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == "bad_message");
  }
}

TEST_CASE("a subscription id is what needs no escaping") {
  CHECK(is_subscription_id("89e8cb59-b991-48b0-b154-1db84f16a077"));
  CHECK(is_subscription_id("a_b.C:9"));
  CHECK(is_subscription_id(std::string(128, 'a')));
  CHECK_FALSE(is_subscription_id(std::string(129, 'a')));
  CHECK_FALSE(is_subscription_id(""));
  CHECK_FALSE(is_subscription_id("a\"b"));
  CHECK_FALSE(is_subscription_id("a b"));
}

#include <trunkline/providers/twilio/stream_codec.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <numeric>

using namespace trunkline;
using namespace trunkline::providers::twilio;

namespace {

constexpr std::string_view sid = "MZ0f1e2d3c4b5a69780f1e2d3c4b5a6978";
const std::vector<std::uint8_t> payload = {0xFF, 0x7F, 0x00, 0x80};

template <class... Args>
std::string made_by(void (*append)(std::string&, Args...), std::type_identity_t<Args>... args) {
  std::string out = "kept";
  append(out, args...);
  REQUIRE(out.starts_with("kept"));
  return out.substr(4);
}

}  // namespace

TEST_CASE("what we send has exactly the carrier's shapes") {
  CHECK(made_by(append_media, sid, payload) ==
        R"({"event":"media","streamSid":"MZ0f1e2d3c4b5a69780f1e2d3c4b5a6978","media":{"payload":"/38AgA=="}})");
  CHECK(made_by(append_mark, sid, "greet-1") ==
        R"({"event":"mark","streamSid":"MZ0f1e2d3c4b5a69780f1e2d3c4b5a6978","mark":{"name":"greet-1"}})");
  CHECK(made_by(append_clear, sid) == R"({"event":"clear","streamSid":"MZ0f1e2d3c4b5a69780f1e2d3c4b5a6978"})");
}

TEST_CASE("a mark's name may be any text") {
  const std::string name = "a\"b\\c\nd\x01\xC3\xBC\xFF";
  const auto parsed = nlohmann::json::parse(made_by(append_mark, sid, name));
  CHECK(parsed["mark"]["name"] == "a\"b\\c\nd\x01\xC3\xBC\xEF\xBF\xBD");
}

TEST_CASE("a warm buffer is not allocated again") {
  std::string out;
  std::vector<std::uint8_t> audio(160);
  append_media(out, sid, audio);
  const auto* where = out.data();
  for (int i = 0; i < 100; ++i) {
    out.clear();
    append_media(out, sid, audio);
  }
  CHECK(out.data() == where);
}

TEST_CASE("the carrier's messages have the documented shapes") {
  using namespace carrier;
  const StreamStart start{
      "ACx", "CAx", "MZx", {media::Track::inbound, media::Track::outbound}, {}, {{"token", "a\"b"}}};
  CHECK(made_by(append_connected) == R"({"event":"connected","protocol":"Call","version":"1.0.0"})");
  CHECK(made_by(append_start, 1, start) ==
        R"({"event":"start","sequenceNumber":"1","streamSid":"MZx","start":{"accountSid":"ACx","streamSid":"MZx",)"
        R"("callSid":"CAx","tracks":["inbound","outbound"],"mediaFormat":{"encoding":"audio/x-mulaw",)"
        R"("sampleRate":8000,"channels":1},"customParameters":{"token":"a\"b"}}})");
  CHECK(made_by(carrier::append_media, Place{2, "MZx"}, MediaMessage{media::Track::outbound, 1, 171, payload}) ==
        R"({"event":"media","sequenceNumber":"2","streamSid":"MZx","media":{"track":"outbound","chunk":"1",)"
        R"("timestamp":"171","payload":"/38AgA=="}})");
  CHECK(made_by(append_dtmf, Place{5, "MZx"}, '#') ==
        R"({"event":"dtmf","sequenceNumber":"5","streamSid":"MZx","dtmf":{"track":"inbound_track","digit":"#"}})");
  CHECK(made_by(carrier::append_mark, Place{4, "MZx"}, "m") ==
        R"({"event":"mark","sequenceNumber":"4","streamSid":"MZx","mark":{"name":"m"}})");
  CHECK(made_by(append_stop, 99, start) ==
        R"({"event":"stop","sequenceNumber":"99","streamSid":"MZx","stop":{"accountSid":"ACx","callSid":"CAx"}})");
}

TEST_CASE("the carrier reads what we send") {
  const auto media = carrier::parse_message(made_by(append_media, sid, payload), sid);
  CHECK(std::get<carrier::Media>(media.value()).payload == payload);
  const auto mark = carrier::parse_message(made_by(append_mark, sid, "x\"y"), sid);
  CHECK(std::get<carrier::Mark>(mark.value()).name == "x\"y");
  const auto clear = carrier::parse_message(made_by(append_clear, sid), sid);
  CHECK(std::holds_alternative<carrier::Clear>(clear.value()));
}

TEST_CASE("the carrier refuses everything else") {
  for (const std::string_view text :
       {"", "x", "[]", "1", "{}", R"({"event":"clear"})", R"({"event":"clear","streamSid":"MZother"})",
        R"({"event":"clear","streamSid":"MZx","more":1})", R"({"event":1,"streamSid":"MZx"})",
        R"({"event":"flush","streamSid":"MZx"})", R"({"event":"mark","streamSid":"MZx"})",
        R"({"event":"mark","streamSid":"MZx","mark":"m"})", R"({"event":"mark","streamSid":"MZx","mark":{"name":1}})",
        R"({"event":"mark","streamSid":"MZx","mark":{"name":"m","x":1}})",
        R"({"event":"media","streamSid":"MZx","media":{"payload":"!!"}})",
        R"({"event":"media","streamSid":"MZx","media":{"payload":"AA==","track":"inbound"}})",
        R"({"event":"media","streamSid":"MZx","media":{"payload":"AA=="},"sequenceNumber":"1"})"}) {
    INFO(text);
    const auto result = carrier::parse_message(text, "MZx");
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == "bad_message");
  }
}

TEST_CASE("a stream id is what needs no escaping") {
  CHECK(is_stream_id(sid));
  CHECK(is_stream_id("a_b-C9"));
  CHECK(is_stream_id(std::string(64, 'a')));
  CHECK_FALSE(is_stream_id(std::string(65, 'a')));
  CHECK_FALSE(is_stream_id(""));
  CHECK_FALSE(is_stream_id("a\"b"));
  CHECK_FALSE(is_stream_id("a b"));
}

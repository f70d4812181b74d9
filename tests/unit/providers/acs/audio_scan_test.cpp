#include "providers/acs/audio_scan.hpp"

#include "providers/acs/media_message.hpp"
#include "providers/acs/socket_message.hpp"

#include <trunkline/providers/acs/media_machine.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

using namespace trunkline;
using namespace trunkline::providers::acs;

namespace {

const std::string usual =
    R"({"kind":"AudioData","audioData":{"timestamp":"2026-11-20T12:01:01.160Z","participantRawID":"4:+16045551234",)"
    R"("data":"/38AgA==","silent":true}})";
constexpr std::int64_t usual_ms = 1'795'176'061'160;

std::string object(const std::vector<std::string>& members) {
  std::string out = "{";
  for (const auto& member : members) out.append(out.size() > 1 ? "," : "").append(member);
  return out + "}";
}

std::string audio(const std::string& members) {
  return R"({"kind":"AudioData","audioData":{)" + members + "}}";
}

void check_usual(std::string_view text) {
  INFO(text);
  const auto fields = scan_audio(text);
  REQUIRE(fields);
  CHECK(fields->timestamp_ms == usual_ms);
  CHECK(fields->participant == "4:+16045551234");
  CHECK(fields->payload == "/38AgA==");
  CHECK(fields->silent);
}

}  // namespace

TEST_CASE("an audio message is read whatever the order of its members") {
  std::vector<std::string> inner = {R"("data":"/38AgA==")", R"("participantRawID":"4:+16045551234")",
                                    R"("silent":true)", R"("timestamp":"2026-11-20T12:01:01.160Z")"};
  do {
    const std::string body = R"("audioData":)" + object(inner);
    check_usual(object({R"("kind":"AudioData")", body}));
    check_usual(object({body, R"("kind":"AudioData")"}));
  } while (std::next_permutation(inner.begin(), inner.end()));
}

TEST_CASE("blanks between the tokens of an audio message change nothing") {
  check_usual(
      "\r\n { \"kind\" : \"AudioData\" ,\t\"audioData\": { \"timestamp\" : \"2026-11-20T12:01:01.160Z\",\n"
      "\"participantRawID\": \"4:+16045551234\" , \"data\": \"/38AgA==\", \"silent\": true } } \n");
}

TEST_CASE("only the data of an audio message are necessary") {
  for (const std::string more : {"", R"(,"participantRawID":null)", R"(,"participantRawID":"")", R"(,"silent":false)",
                                 R"(,"timestamp":"tomorrow")", R"(,"timestamp":"")"}) {
    const std::string text = audio(R"("data":"AAAA")" + more);
    INFO(text);
    const auto fields = scan_audio(text);
    REQUIRE(fields);
    CHECK(fields->participant.empty());
    CHECK(fields->payload == "AAAA");
    CHECK_FALSE(fields->timestamp_ms);
    CHECK_FALSE(fields->silent);
  }
}

TEST_CASE("no prefix of an audio message is taken for one") {
  for (std::size_t size = 0; size < usual.size(); ++size) CHECK_FALSE(scan_audio(usual.substr(0, size)));
}

TEST_CASE("an unusual audio message is left to the JSON parser") {
  const std::string id = "8:acs:" + std::string(max_raw_id_bytes - 6, 'a');
  CHECK(scan_audio(audio(R"("data":"AAAA","participantRawID":")" + id + '"')));
  CHECK_FALSE(scan_audio(audio(R"("data":"AAAA","participantRawID":")" + id + "a\"")));
  for (const std::string& text : {audio(""),
                                  audio(R"("silent":true)"),
                                  audio(R"("Data":"AAAA")"),
                                  audio(R"("data":null)"),
                                  audio(R"("data":"AAAA","data":"AAAA")"),
                                  audio(R"("data":"AAAA","silent":null)"),
                                  audio(R"("data":"AAAA","silent":1)"),
                                  audio(R"("data":"AAAA","silent":truest)"),
                                  audio(R"("data":"AAAA","silent":"true")"),
                                  audio(R"("data":"AAAA","participantRawID":1)"),
                                  audio(R"("data":"AAAA","participantRawID":nulls)"),
                                  audio(R"("data":"AAAA","participantRawID":"4:\u002B1")"),
                                  audio("\"data\":\"AAAA\",\"participantRawID\":\"4:\xC3\xBC\""),
                                  audio("\"data\":\"AAAA\",\"participantRawID\":\"4:\n\""),
                                  audio(R"("data":"AAAA","participantRawId":"4:+1")"),
                                  audio(R"("data":"AAAA","timestamp":null)"),
                                  audio(R"("data":"AAAA","timestamp":1)"),
                                  audio(R"("data":"AAAA","mark":{})"),
                                  audio(R"("data":"AAAA",)"),
                                  std::string(R"({"kind":"audioData","audioData":{"data":"AAAA"}})"),
                                  std::string(R"({"Kind":"AudioData","audioData":{"data":"AAAA"}})"),
                                  std::string(R"({"kind":"AudioData","AudioData":{"data":"AAAA"}})"),
                                  std::string(R"({"kind":"DtmfData","audioData":{"data":"AAAA"}})"),
                                  std::string(R"({"kind":"AudioData","audioData":null})"),
                                  std::string(R"({"kind":"AudioData","audioData":[]})"),
                                  std::string(R"({"audioData":{"data":"AAAA"}})"),
                                  std::string(R"({"kind":"AudioData"})"),
                                  std::string(R"({"kind":"AudioData","stopAudio":{},"audioData":{"data":"AAAA"}})"),
                                  "[" + usual + "]",
                                  usual + "}",
                                  usual + ","}) {
    INFO(text);
    CHECK_FALSE(scan_audio(text));
  }
}

TEST_CASE("the word data inside another string is not the data") {
  const std::string text = audio(R"("timestamp":"\"data\":\"AAAA\"","data":"BBBB")");
  CHECK_FALSE(scan_audio(text));
  CHECK(read_audio(nlohmann::json::parse(text))->payload == "BBBB");
}

TEST_CASE("the time of a frame is read to the millisecond") {
  for (const auto& [text, ms] :
       std::vector<std::pair<std::string, std::int64_t>>{{"2026-11-20T12:01:01.160Z", usual_ms},
                                                         {"2026-11-20T12:01:01.1609999Z", usual_ms},
                                                         {"2026-11-20T12:01:01.16Z", usual_ms},
                                                         {"2026-11-20T12:01:01.1Z", usual_ms - 60},
                                                         {"2026-11-20T12:01:01Z", usual_ms - 160},
                                                         {"2026-11-20T12:01:01.160", usual_ms},
                                                         {"2026-11-20T12:01:01", usual_ms - 160},
                                                         {"2026-11-20T12:01:01.160+00:00", usual_ms},
                                                         {"2026-11-20T13:01:01.160+01:00", usual_ms},
                                                         {"1970-01-01T00:00:00Z", 0},
                                                         {"9999-12-31T23:59:59.9999999Z", 253'402'300'799'999}}) {
    INFO(text);
    CHECK(read_timestamp(text) == ms);
  }
}

TEST_CASE("what is no time, or one that was never set, is none") {
  for (const std::string text :
       {"", "x", "12:01:01", "2026-11-20", "2026-11-20T", "2026-11-20T12:01", "2026-11-20T12:01:01.Z",
        "2026-13-20T12:01:01Z", "2026-11-20T24:01:01Z", "2026-11-20T12:01:01ZZ", "0001-01-01T00:00:00",
        "1969-12-31T23:59:59.999Z", "1795176061160", "2026-11-20T12:01:01.1600000000000000000000000000000000000000Z"}) {
    INFO(text);
    CHECK_FALSE(read_timestamp(text));
  }
}

namespace {

// Messages around the usual shape: most of what each part may be, some that is wrong.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::string message() {
    std::vector<std::string> inner;
    add(inner, "timestamp", {R"("2026-11-20T12:01:01.160Z")", R"("2026-11-20T12:01:01.16")", R"("soon")", "null", "7"});
    add(inner, "participantRawID", {R"("4:+1")", R"("4:\u002B1")", R"("")", "null", "[]", "\"\xC3\xBC\"", "\"\xFF\""});
    add(inner, "data", {R"("/38AgA==")", R"("\/38AgA==")", R"("AAA=")", R"("AAAA")", R"("")", R"("?")", "null"});
    add(inner, "silent", {"true", "false", "null", "0"});
    if (roll(10) == 0) add(inner, "data", {R"("AAAAAAAA")"});
    if (roll(10) == 0) add(inner, "format", {"{}", "[1]", "\"}\""});
    std::shuffle(inner.begin(), inner.end(), random_);
    std::vector<std::string> outer = {"\"" + spelled("kind") + "\":\"" + spelled("AudioData") + '"',
                                      "\"" + spelled("audioData") + "\":" + object(inner)};
    if (roll(10) == 0) outer.emplace_back(R"("stopAudio":null)");
    std::shuffle(outer.begin(), outer.end(), random_);
    std::string text = object(outer);
    if (roll(8) == 0) text.insert(static_cast<std::size_t>(roll(static_cast<int>(text.size()))), " ");
    if (roll(20) == 0) text.erase(static_cast<std::size_t>(roll(static_cast<int>(text.size()))), 1);
    return text;
  }

 private:
  int roll(int sides) { return std::uniform_int_distribution<int>(0, sides - 1)(random_); }
  // Rarely another case than the service's.
  std::string spelled(std::string name) {
    if (roll(20) == 0) name[0] = static_cast<char>(name[0] ^ 0x20);
    return name;
  }
  void add(std::vector<std::string>& to, const std::string& name, const std::vector<std::string>& values) {
    if (name != "data" && roll(6) == 0) return;
    // The first is the usual one.
    const int which = roll(4) == 0 ? roll(static_cast<int>(values.size())) : 0;
    to.push_back("\"" + spelled(name) + "\":" + values[static_cast<std::size_t>(which)]);
  }

  std::mt19937 random_;
};

// What the machine does with a message when it may scan it, and when a blank member keeps it from doing so.
std::string outcome(std::string_view text) {
  MediaMachine machine{MonoTime{}};
  std::string metadata;
  carrier::append_metadata(metadata, {"s", {media::Encoding::pcm16, 16'000}, 640});
  machine.step(metadata, MonoTime{});
  const MediaAction action = machine.step(text, MonoTime{});
  if (const auto* reason = std::get_if<Ignored>(&action)) return std::string(to_string(*reason));
  const auto& frame = std::get<MediaReceived>(action);
  return machine.participants()[frame.participant] + "|" + std::to_string(frame.timestamp_ms.value_or(-1)) + "|" +
         std::to_string(frame.payload.size()) + "|" + std::to_string(frame.payload[0]) + (frame.silent ? "|s" : "");
}

}  // namespace

TEST_CASE("the scanner and the JSON parser agree on every message that the scanner takes") {
  int scanned = 0;
  for (unsigned seed = 0; seed < 4'000; ++seed) {
    const std::string text = Generator(seed).message();
    INFO("seed " << seed << ": " << text);
    const auto fields = scan_audio(text);
    if (!fields) continue;
    // Valid JSON but for the data, which the machine decodes before it believes the scanner.
    const auto message = nlohmann::json::parse(text, nullptr, false);
    if (message.is_discarded() || fields->payload.find('\\') != fields->payload.npos) continue;
    ++scanned;
    const auto read = read_audio(message);
    REQUIRE(read);
    CHECK(read->timestamp_ms == fields->timestamp_ms);
    CHECK(read->participant == fields->participant);
    CHECK(read->payload == fields->payload);
    CHECK(read->silent == fields->silent);
  }
  CHECK(scanned > 1'000);
}

TEST_CASE("the machine does the same with a message whether it was scanned or parsed") {
  int taken = 0;
  for (unsigned seed = 0; seed < 4'000; ++seed) {
    const std::string text = Generator(seed).message();
    if (!scan_audio(text)) continue;
    std::string slow = text;
    slow.insert(slow.find('{') + 1, R"("other":0,)");
    INFO("seed " << seed << ": " << text);
    REQUIRE_FALSE(scan_audio(slow));
    const std::string fast_outcome = outcome(text);
    CHECK(fast_outcome == outcome(slow));
    if (fast_outcome.find('|') != fast_outcome.npos) ++taken;
  }
  CHECK(taken > 1'000);
}

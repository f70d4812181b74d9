#include "providers/twilio/media_scan.hpp"

#include "providers/twilio/stream_message.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace trunkline;
using namespace trunkline::providers::twilio;

namespace {

const std::string usual =
    R"({"event":"media","sequenceNumber":"2","streamSid":"MZx","media":{"track":"outbound","chunk":"1",)"
    R"("timestamp":"171","payload":"/38AgA=="}})";

std::string object(const std::vector<std::string>& members) {
  std::string out = "{";
  for (const auto& member : members) out.append(out.size() > 1 ? "," : "").append(member);
  return out + "}";
}

void check_usual(std::string_view text) {
  INFO(text);
  const auto fields = scan_media(text, "MZx");
  REQUIRE(fields);
  CHECK(fields->track == media::Track::outbound);
  CHECK(fields->sequence == 2);
  CHECK(fields->chunk == 1);
  CHECK(fields->timestamp_ms == 171);
  CHECK(fields->payload == "/38AgA==");
}

}  // namespace

TEST_CASE("a media message is read whatever the order of its keys") {
  std::vector<std::string> inner = {R"("chunk":"1")", R"("payload":"/38AgA==")", R"("timestamp":"171")",
                                    R"("track":"outbound")"};
  do {
    std::vector<std::string> outer = {R"("event":"media")", R"("media":)" + object(inner), R"("sequenceNumber":"2")",
                                      R"("streamSid":"MZx")"};
    do {
      check_usual(object(outer));
    } while (std::next_permutation(outer.begin(), outer.end()));
  } while (std::next_permutation(inner.begin(), inner.end()));
}

TEST_CASE("blanks between tokens change nothing") {
  check_usual(
      "\r\n { \"event\" : \"media\" ,\t\"sequenceNumber\": \"2\", \"streamSid\": \"MZx\", \"media\": { "
      "\"track\": \"outbound\", \"chunk\": \"1\", \"timestamp\": \"171\", \"payload\": \"/38AgA==\" } } \n");
}

TEST_CASE("sequence and chunk may be absent") {
  const auto fields = scan_media(
      R"({"event":"media","streamSid":"MZx","media":{"track":"inbound","timestamp":"0","payload":""}})", "MZx");
  REQUIRE(fields);
  CHECK(fields->sequence == 0);
  CHECK(fields->chunk == 0);
}

TEST_CASE("no prefix of a message is taken for a message") {
  for (std::size_t size = 0; size < usual.size(); ++size) CHECK_FALSE(scan_media(usual.substr(0, size), "MZx"));
}

TEST_CASE("anything unusual is left to the JSON parser") {
  for (
      const std::string_view text :
      {R"({"event":"mark","streamSid":"MZx","media":{"track":"inbound","timestamp":"1","payload":"AA=="}})",
       R"({"event":"media","streamSid":"MZy","media":{"track":"inbound","timestamp":"1","payload":"AA=="}})",
       R"({"event":"media","streamSid":"MZx","media":{"track":"inbound","timestamp":1,"payload":"AA=="}})",
       R"({"event":"media","streamSid":"MZx","media":{"track":"inbound","timestamp":"","payload":"AA=="}})",
       R"({"event":"media","streamSid":"MZx","media":{"track":"inbound","timestamp":"-1","payload":"AA=="}})",
       R"({"event":"media","streamSid":"MZx","media":{"track":"inbound","timestamp":"1234567890123","payload":""}})",
       R"({"event":"media","streamSid":"MZx","media":{"track":"in\u0062ound","timestamp":"1","payload":"AA=="}})",
       R"({"event":"media","streamSid":"MZx","media":{"track":"both","timestamp":"1","payload":"AA=="}})",
       R"({"event":"media","streamSid":"MZx","media":{"track":"inbound","timestamp":"1"}})",
       R"({"event":"media","streamSid":"MZx","media":{"track":"inbound","payload":"AA=="}})",
       R"({"event":"media","streamSid":"MZx","media":{"timestamp":"1","payload":"AA=="}})",
       R"({"event":"media","streamSid":"MZx","media":{}})",
       R"({"event":"media","streamSid":"MZx"})",
       R"({"event":"media","streamSid":"MZx","media":[]})",
       R"({"event":"media","media":{"track":"inbound","timestamp":"1","payload":"AA=="}})",
       R"({"streamSid":"MZx","media":{"track":"inbound","timestamp":"1","payload":"AA=="}})",
       R"({"event":"media","streamSid":"MZx","x":1,"media":{"track":"inbound","timestamp":"1","payload":""}})",
       R"({"event":"media","streamSid":"MZx","media":{"track":"inbound","timestamp":"1","payload":"","x":"y"}})",
       R"({"event":"media","event":"media","streamSid":"MZx","media":{"track":"inbound","timestamp":"1","payload":""}})",
       R"({"event":"media","streamSid":"MZx","media":{"track":"inbound","timestamp":"1","payload":"A","payload":""}})",
       R"({"event":"media","streamSid":"MZx","media":{"track":"inbound","timestamp":"1","payload":"AA=="}},)",
       R"({"event":"media","streamSid":"MZx","media":{"track":"inbound","timestamp":"1","payload":"AA=="},})",
       R"([{"event":"media","streamSid":"MZx","media":{"track":"inbound","timestamp":"1","payload":"AA=="}}])",
       R"({"event":"media" "streamSid":"MZx","media":{"track":"inbound","timestamp":"1","payload":"AA=="}})"}) {
    INFO(text);
    CHECK_FALSE(scan_media(text, "MZx"));
  }
}

TEST_CASE("the word payload inside another string is not the payload") {
  const std::string text = R"({"event":"media","streamSid":"MZx","note":"\"media\":{\"payload\":\"AAAA\"}",)"
                           R"("media":{"track":"inbound","timestamp":"1","payload":"BBBB"}})";
  CHECK_FALSE(scan_media(text, "MZx"));
  const auto message = nlohmann::json::parse(text);
  CHECK(read_media(message)->payload == "BBBB");
}

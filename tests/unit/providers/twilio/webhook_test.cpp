#include <trunkline/base/text.hpp>
#include <trunkline/providers/twilio/webhook.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>

using namespace trunkline;
using namespace trunkline::providers::twilio;

namespace {

const std::string call_sid = "CAfedcba9876543210fedcba9876543210";
const WallTime now = from_millis(1'790'000'000'000);

Params voice_params() {
  return {{"CallSid", call_sid},
          {"AccountSid", "AC0123456789abcdef0123456789abcdef"},
          {"From", "+4989123456"},
          {"To", "+15550100001"},
          {"CallStatus", "ringing"},
          {"Direction", "inbound"},
          {"Caller", "+4989123456"},
          {"FromCity", ""},
          {"FromCountry", "DE"},
          {"CallToken", "{\"secret\":1}"},
          {"StirVerstat", "TN-Validation-Passed-A"}};
}

Params with(Params params, std::string name, std::string value) {
  std::erase_if(params, [&](const auto& pair) { return pair.first == name; });
  params.emplace_back(std::move(name), std::move(value));
  return params;
}

Params status_params(std::string status) {
  return with(with(with(voice_params(), "CallStatus", std::move(status)), "SequenceNumber", "2"), "Timestamp",
              "Sun, 30 Aug 2026 08:39:26 +0000");
}

template <class T>
std::vector<std::string> fields_of(const Parsed<T>& parsed) {
  std::vector<std::string> names;
  if (!parsed) {
    for (const auto& error : parsed.error().fields) names.push_back(error.field);
  }
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a voice webhook announces a call") {
  const auto arrival = parse_voice(voice_params(), "");
  REQUIRE(arrival.has_value());
  CHECK(arrival->provider == "twilio");
  CHECK(arrival->provider_call_id == call_sid);
  CHECK(arrival->direction == calls::Direction::inbound);
  CHECK(arrival->state == calls::State::ringing);
  CHECK(arrival->from == "+4989123456");
  CHECK(arrival->to == "+15550100001");
  CHECK(arrival->inbox_key == "twilio:voice:" + call_sid + ":");
}

TEST_CASE("unknown parameters are kept, empty ones and call tokens are not") {
  const auto arrival = parse_voice(with(voice_params(), "X\xFF", "a\xFF"), "");
  REQUIRE(arrival.has_value());
  CHECK(arrival->metadata == std::map<std::string, std::string>{{"AccountSid", "AC0123456789abcdef0123456789abcdef"},
                                                                {"FromCountry", "DE"},
                                                                {"StirVerstat", "TN-Validation-Passed-A"},
                                                                {"X\xEF\xBF\xBD", "a\xEF\xBF\xBD"}});
}

TEST_CASE("an idempotency token makes the inbox key, unless it is strange") {
  CHECK(parse_voice(voice_params(), "5e2a-01")->inbox_key == "twilio:voice:" + call_sid + ":5e2a-01");
  const std::string fallback = "twilio:voice:" + call_sid + ":";
  CHECK(parse_voice(voice_params(), "a b")->inbox_key == fallback);
  CHECK(parse_voice(voice_params(), std::string(129, 'a'))->inbox_key == fallback);
}

TEST_CASE("one idempotency token under several kinds of requests and several calls makes several keys") {
  const Params stream = {
      {"CallSid", call_sid}, {"StreamSid", "MZ0f1e2d3c4b5a69780f1e2d3c4b5a6978"}, {"StreamEvent", "stream-stopped"}};
  const Params recording = {
      {"CallSid", call_sid}, {"RecordingSid", "RE0f1e2d3c4b5a69780f1e2d3c4b5a6978"}, {"RecordingStatus", "completed"}};
  const auto other_call = with(voice_params(), "CallSid", "CA00000000000000000000000000000000");
  const std::set<std::string> keys = {
      parse_voice(voice_params(), "t")->inbox_key, parse_voice(other_call, "t")->inbox_key,
      parse_status(status_params("busy"), "t", now)->inbox_key, parse_stream_status(stream, "t", now)->inbox_key,
      parse_recording_status(recording, "t")->inbox_key};
  CHECK(keys.size() == 5);
}

TEST_CASE("a voice webhook of a call that we placed is outbound") {
  const auto params = with(with(voice_params(), "Direction", "outbound-api"), "CallStatus", "in-progress");
  const auto arrival = parse_voice(params, "");
  REQUIRE(arrival.has_value());
  CHECK(arrival->direction == calls::Direction::outbound);
  CHECK(arrival->state == calls::State::connected);
}

TEST_CASE("status and direction may be missing from a voice webhook") {
  const auto arrival = parse_voice(with(with(voice_params(), "Direction", ""), "CallStatus", ""), "");
  REQUIRE(arrival.has_value());
  CHECK(arrival->direction == calls::Direction::inbound);
  CHECK(arrival->state == calls::State::ringing);
}

TEST_CASE("all kinds of parties may call") {
  for (const auto* from : {"client:alice", "sip:bob@example.com", "anonymous", "12345"}) {
    CHECK(parse_voice(with(voice_params(), "From", from), "").has_value());
  }
}

TEST_CASE("every invalid parameter is named, all at once") {
  const auto nothing = parse_voice({}, "");
  CHECK(fields_of(nothing) == Names{"CallSid", "AccountSid", "From", "To"});
  CHECK(nothing.error().to_error().code == "invalid_parameter");
  const auto bad_from = parse_voice(with(voice_params(), "From", "0049 89"), "");
  CHECK(bad_from.error().to_error().message == "From: must be a number in E.164 form, client:name or sip:user@host");
  CHECK(fields_of(parse_voice(with(voice_params(), "CallSid", "CA12"), "")) == Names{"CallSid"});
  CHECK(fields_of(parse_voice(with(voice_params(), "AccountSid", call_sid), "")) == Names{"AccountSid"});
  CHECK(fields_of(parse_voice(with(voice_params(), "CallStatus", "sleeping"), "")) == Names{"CallStatus"});
}

TEST_CASE("a status callback becomes an update") {
  const auto update = parse_status(status_params("in-progress"), "", now);
  REQUIRE(update.has_value());
  CHECK(update->provider == "twilio");
  CHECK(update->provider_call_id == call_sid);
  CHECK(update->type == calls::EventType::call_status);
  CHECK(update->from == "+4989123456");
  CHECK(update->metadata.at("StirVerstat") == "TN-Validation-Passed-A");
  CHECK(text::to_rfc3339(update->at) == "2026-08-30T08:39:26.999Z");  // Twilio's second, to its end
  CHECK(update->inbox_key == "twilio:status:" + call_sid + ":2:in-progress");
  const auto data = nlohmann::json::parse(update->data);
  CHECK(data["status"] == "CONNECTED");
  CHECK(data["providerStatus"] == "in-progress");
  CHECK(data["sequence"] == 2);
  CHECK_FALSE(data.contains("duration"));
  CHECK_FALSE(data.contains("reason"));
  CHECK(data["parameters"] == nlohmann::json{{"StirVerstat", "TN-Validation-Passed-A"}});
}

TEST_CASE("the end of a call carries its duration and reason") {
  auto params = with(with(status_params("completed"), "CallDuration", "12"), "Duration", "1");
  const auto update = parse_status(with(std::move(params), "SipResponseCode", "200"), "token-1", now);
  REQUIRE(update.has_value());
  CHECK(update->inbox_key == "twilio:status:" + call_sid + ":token-1");
  const auto data = nlohmann::json::parse(update->data);
  CHECK(data["status"] == "ENDED");
  CHECK(data["duration"] == 12);
  CHECK_FALSE(data["reason"].get<std::string>().empty());
  CHECK(data["parameters"]["SipResponseCode"] == "200");
}

TEST_CASE("every status of the provider is understood") {
  for (const auto* status :
       {"queued", "initiated", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled"}) {
    INFO(status);
    CHECK(parse_status(status_params(status), "", now).has_value());
  }
}

TEST_CASE("a bare status callback is enough") {
  const auto update = parse_status(
      {{"CallSid", call_sid}, {"AccountSid", "AC0123456789abcdef0123456789abcdef"}, {"CallStatus", "busy"}}, "", now);
  REQUIRE(update.has_value());
  CHECK(update->at == now);
  CHECK(update->from.empty());
  CHECK(update->inbox_key == "twilio:status:" + call_sid + "::busy");
}

TEST_CASE("a status callback that says nothing names what it lacks") {
  CHECK(fields_of(parse_status({{"CallStatus", "asleep"}}, "", now)) == Names{"CallSid", "AccountSid", "CallStatus"});
}

TEST_CASE("what is odd beside a status is left out: the callback does not come again") {
  auto params = status_params("busy");
  for (const auto& [name, value] : Params{{"From", "x y"},
                                          {"To", "Blocked"},
                                          {"SequenceNumber", "two"},
                                          {"CallDuration", "99999999999999999999"},
                                          {"Timestamp", "now"},
                                          {"Direction", "trunking-terminating"}}) {
    params = with(std::move(params), name, value);
  }
  const auto update = parse_status(params, "", now);
  REQUIRE(update.has_value());
  CHECK(update->from.empty());
  CHECK(update->to.empty());
  CHECK(update->direction == calls::Direction::inbound);
  CHECK(update->at == now);
  const auto data = nlohmann::json::parse(update->data);
  CHECK(data["status"] == "BUSY");
  CHECK_FALSE(data.contains("duration"));
  CHECK_FALSE(data.contains("sequence"));
}

TEST_CASE("nothing has happened after we are told of it, and a second lasts to its end") {
  const auto at = [](std::string time, WallTime told) {
    return text::to_rfc3339(parse_status(with(status_params("ringing"), "Timestamp", std::move(time)), "", told)->at);
  };
  const WallTime told = text::parse_rfc3339("2026-08-30T08:39:26.500Z").value();
  CHECK(at("Sun, 30 Aug 2026 08:39:25 +0000", told) == "2026-08-30T08:39:25.999Z");
  CHECK(at("Sun, 30 Aug 2026 08:39:26 +0000", told) == "2026-08-30T08:39:26.500Z");
  CHECK(at("Sun, 30 Aug 2026 08:39:29 +0000", told) == "2026-08-30T08:39:26.500Z");
  CHECK(at("2026-08-30T08:39:24.250Z", told) == "2026-08-30T08:39:24.250Z");
}

TEST_CASE("when a callback was sent is read in both of Twilio's forms") {
  CHECK(text::to_rfc3339(sent_at({{"Timestamp", "Sun, 30 Aug 2026 08:39:26 +0000"}}).value()) ==
        "2026-08-30T08:39:26.000Z");
  CHECK(text::to_rfc3339(sent_at({{"Timestamp", "2024-11-29T00:09:39.602648368Z"}}).value()) ==
        "2024-11-29T00:09:39.602Z");
  CHECK_FALSE(sent_at({{"Timestamp", "now"}}).has_value());
  CHECK_FALSE(sent_at({}).has_value());
}

TEST_CASE("a stream's own callbacks are read") {
  const Params params = {{"CallSid", call_sid},
                         {"StreamSid", "MZ0f1e2d3c4b5a69780f1e2d3c4b5a6978"},
                         {"StreamEvent", "stream-stopped"},
                         {"Timestamp", "2024-11-29T00:09:39.602648368Z"}};
  const auto status = parse_stream_status(params, "", now);
  REQUIRE(status.has_value());
  CHECK(status->event == StreamStatus::Event::stopped);
  CHECK(status->call_sid == call_sid);
  CHECK(status->inbox_key == "twilio:stream:" + call_sid + ":MZ0f1e2d3c4b5a69780f1e2d3c4b5a6978:stream-stopped");
  CHECK(text::to_rfc3339(status->at) == "2024-11-29T00:09:39.602Z");

  const auto trouble =
      parse_stream_status(with(with(params, "StreamEvent", "stream-error"), "StreamError", "31920"), "", now);
  CHECK(trouble->event == StreamStatus::Event::error);
  CHECK(trouble->error == "31920");
  CHECK(parse_stream_status(with(params, "StreamEvent", "stream-started"), "", now)->event ==
        StreamStatus::Event::started);
  CHECK(fields_of(parse_stream_status({{"StreamEvent", "x"}}, "", now)) ==
        Names{"CallSid", "StreamSid", "StreamEvent"});
}

TEST_CASE("a recording's callbacks are read") {
  const Params params = {{"CallSid", call_sid},
                         {"RecordingSid", "RE0f1e2d3c4b5a69780f1e2d3c4b5a6978"},
                         {"RecordingStatus", "completed"},
                         {"RecordingUrl", "https://api.twilio.com/x"},
                         {"RecordingDuration", "7"},
                         {"RecordingChannels", "2"},
                         {"ErrorCode", "0"}};
  const auto status = parse_recording_status(params, "");
  REQUIRE(status.has_value());
  CHECK(status->status == RecordingStatus::Status::completed);
  CHECK(status->inbox_key == "twilio:recording:" + call_sid + ":RE0f1e2d3c4b5a69780f1e2d3c4b5a6978:completed");
  CHECK(status->url == "https://api.twilio.com/x");
  CHECK(status->duration_s == 7);
  CHECK(status->parameters == std::map<std::string, std::string>{{"RecordingChannels", "2"}});
  CHECK(status->error_code.empty());

  const auto absent = parse_recording_status(with(with(params, "RecordingStatus", "absent"), "ErrorCode", "16101"), "");
  CHECK(absent->status == RecordingStatus::Status::absent);
  CHECK(absent->error_code == "16101");
  CHECK(fields_of(parse_recording_status({{"RecordingDuration", "x"}}, "")) ==
        Names{"CallSid", "RecordingSid", "RecordingStatus"});
}

TEST_CASE("a sid is its prefix and 32 hexadecimal digits") {
  CHECK(is_sid("CA", call_sid));
  CHECK(is_sid("CA", "CAFEDCBA9876543210FEDCBA9876543210"));
  CHECK_FALSE(is_sid("CA", call_sid + "0"));
  CHECK_FALSE(is_sid("CA", call_sid.substr(0, 33)));
  CHECK_FALSE(is_sid("CA", "CAfedcba9876543210fedcba987654321g"));
  CHECK_FALSE(is_sid("AC", call_sid));
}

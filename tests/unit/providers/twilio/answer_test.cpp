#include <trunkline/providers/twilio/answer.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::providers::twilio;

namespace {

std::string answer_for(const config::Route& route) {
  const AnswerPlan plan{"wss://gw.example/media/twilio/call_1", "call_1", "https://gw.example/webhooks/twilio/stream",
                        "one&time", route};
  return twiml::to_xml(answer(plan)).value();
}

const std::string head = R"(<?xml version="1.0" encoding="UTF-8"?>)";

}  // namespace

TEST_CASE("a call is answered with a bidirectional stream and a hang-up after it") {
  config::Route route;
  route.greeting = "is spoken into the stream";
  CHECK(
      answer_for(route) ==
      head +
          R"(<Response><Connect><Stream url="wss://gw.example/media/twilio/call_1" name="call_1" )"
          R"(statusCallback="https://gw.example/webhooks/twilio/stream"><Parameter name="token" value="one&amp;time"/>)"
          R"(</Stream></Connect><Hangup/></Response>)");
}

TEST_CASE("a route that dials listens to both tracks and lets the provider speak") {
  config::Route route;
  route.dial = "+4989123456";
  route.caller_id = "+15550100001";
  route.announcement = "This call is recorded.";
  route.greeting = "One moment.";
  CHECK(
      answer_for(route) ==
      head +
          R"(<Response><Start><Stream url="wss://gw.example/media/twilio/call_1" name="call_1" track="both_tracks" )"
          R"(statusCallback="https://gw.example/webhooks/twilio/stream"><Parameter name="token" value="one&amp;time"/>)"
          R"(</Stream></Start><Say language="en-US">This call is recorded.</Say>)"
          R"(<Say language="en-US">One moment.</Say>)"
          R"(<Dial callerId="+15550100001"><Number>+4989123456</Number></Dial><Hangup/></Response>)");

  route.announcement.clear();
  route.greeting.clear();
  CHECK(answer_for(route).find("<Say") == std::string::npos);
}

TEST_CASE("a route that rejects says why, whatever else it says") {
  config::Route route;
  route.reject = "rejected";
  route.dial = "+4989123456";
  CHECK(answer_for(route) == head + R"(<Response><Reject reason="rejected"/></Response>)");
}

TEST_CASE("a call that cannot be taken hears busy") {
  CHECK(twiml::to_xml(refusal()).value() == head + R"(<Response><Reject reason="busy"/></Response>)");
}

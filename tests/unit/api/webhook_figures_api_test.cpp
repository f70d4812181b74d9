#include "unit/api/api_fixture.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/providers/twilio/signature.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace trunkline;
using namespace std::chrono_literals;
using api::test::ApiFixture;
using nlohmann::json;

namespace {

/// Twilio's side.
struct Webhooks : ApiFixture {
  Webhooks() {
    settings.twilio.auth_tokens = {"an auth token"};
    settings.server.public_url = "https://calls.example.com";
  }

  int post(const std::string& type, Params params, bool signed_well = true) {
    params.insert(params.end(), {{"AccountSid", "AC0123456789abcdef0123456789abcdef"},
                                 {"CallSid", "CA0123456789abcdef0123456789abcdef"},
                                 {"From", "+14155550100"},
                                 {"To", "+14155550199"},
                                 {"Direction", "inbound"}});
    const std::string path = "/webhooks/twilio/" + type;
    const std::string url = settings.server.public_url + path;
    auto made = request("POST", path,
                        {{"Content-Type", "application/x-www-form-urlencoded"},
                         {"X-Twilio-Signature",
                          signed_well ? providers::twilio::sign("an auth token", url, params) : std::string("wrong")}});
    made.body = encode_form(params);
    return serve(std::move(made)).status;
  }
  json figures(const std::string& type) {
    const json answer = json::parse(get("/webhooks/metrics").body);
    for (const json& kind : answer["webhooks"]) {
      if (kind["provider"] == "twilio" && kind["type"] == type) return kind;
    }
    return nullptr;
  }
};

}  // namespace

TEST_CASE("a kind of webhook that never came is there, with nothing to say") {
  Webhooks here;
  for (const char* type : {"voice", "status", "stream", "recording"}) {
    CAPTURE(type);
    const json kind = here.figures(type);
    CHECK(kind["received"] == 0);
    CHECK(kind["lastReceivedAt"].is_null());
    CHECK(kind["latencyMs"].is_null());
    CHECK(kind["lagMs"].is_null());
  }
}

TEST_CASE("webhooks are counted by what became of them, and the known ones among them") {
  Webhooks here;
  CHECK(here.post("voice", {{"CallStatus", "ringing"}}) == 200);
  CHECK(here.post("voice", {{"CallStatus", "ringing"}}) == 200);
  CHECK(here.post("voice", {{"CallStatus", "ringing"}}, false) == 403);
  CHECK(here.post("voice", {{"CallSid", "not a sid"}}) == 400);
  const json voice = here.figures("voice");
  CHECK(voice["received"] == 4);
  CHECK(voice["accepted"] == 2);
  CHECK(voice["duplicates"] == 1);
  CHECK(voice["forged"] == 1);
  CHECK(voice["refused"] == 1);
  CHECK(voice["failed"] == 0);
  CHECK(voice["latencyMs"]["count"] == 4);
  CHECK(voice["lastReceivedAt"] == text::to_rfc3339(here.calls.clock.wall()));
  CHECK(here.figures("status")["received"] == 0);

  const Params recording = {{"RecordingSid", "RE0123456789abcdef0123456789abcdef"},
                            {"RecordingStatus", "completed"},
                            {"RecordingUrl", "https://api.twilio.com/r"},
                            {"RecordingDuration", "3"}};
  CHECK(here.post("recording", recording) == 204);
  CHECK(here.post("recording", recording) == 204);
  CHECK(here.figures("recording")["duplicates"] == 1);
}

TEST_CASE("how late a callback is goes by the provider's own timestamp") {
  Webhooks here;
  const std::string sent = text::to_rfc2822(here.calls.clock.wall());
  here.calls.clock.advance(1'500ms);
  CHECK(here.post("status", {{"CallStatus", "completed"}, {"SequenceNumber", "0"}, {"Timestamp", sent}}) == 204);
  const json status = here.figures("status");
  CHECK(status["lagMs"]["count"] == 1);
  CHECK(status["lagMs"]["max"] >= 1'500);
  CHECK(status["lagMs"]["max"] < 2'500);  // the provider's time is in whole seconds
}

TEST_CASE("the figures are for admins") {
  Webhooks here;
  for (const std::string role : {"viewer", "operator"}) {
    auto asked = ApiFixture::request("GET", "/webhooks/metrics", {{"Authorization", "Bearer " + here.token(role)}});
    CHECK(here.serve(std::move(asked)).status == 403);
  }
  CHECK(here.serve(ApiFixture::request("GET", "/webhooks/metrics")).status == 401);
  CHECK(here.get("/webhooks/metrics").status == 200);
}

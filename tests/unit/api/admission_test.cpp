#include "unit/api/api_fixture.hpp"

#include <trunkline/providers/twilio/signature.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace trunkline;
using namespace std::chrono_literals;
using api::test::ApiFixture;
using api::test::header;

namespace {

const std::string auth_token = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

/// Limits small enough to be reached.
struct Limited : ApiFixture {
  Limited() {
    settings.twilio.auth_tokens = {auth_token};
    settings.server.public_url = "https://calls.example.com";
  }

  net::Response as(const std::string& subject, const std::string& method, const std::string& path) {
    const std::string token = auth::issue_token(secret, {.subject = subject, .roles = {"admin"}}, calls.clock);
    return serve(request(method, path, {{"Authorization", "Bearer " + token}}));
  }
  net::Response unproven(const std::string& address = "192.0.2.7") {
    auto asked = request("GET", "/api/v1/calls", {{"Authorization", "Bearer x.y.z"}});
    asked.client_address = address;
    return serve(std::move(asked));
  }
  net::Request webhook(const std::string& sid, const std::string& from, bool signed_well = true) {
    const Params params = {{"AccountSid", "AC0123456789abcdef0123456789abcdef"},
                           {"CallSid", sid},
                           {"From", from},
                           {"To", "+14155550199"},
                           {"CallStatus", "ringing"},
                           {"Direction", "inbound"}};
    const std::string url = settings.server.public_url + "/webhooks/twilio/voice";
    auto made = request("POST", "/webhooks/twilio/voice",
                        {{"Content-Type", "application/x-www-form-urlencoded"},
                         {"X-Twilio-Signature",
                          signed_well ? providers::twilio::sign(auth_token, url, params) : std::string("wrong")}});
    made.client_address = "192.0.2.7";
    made.body = encode_form(params);
    return made;
  }
  int until_refused(const std::function<int()>& ask, int most = 50) {
    for (int served = 0; served < most; ++served) {
      if (ask() == 429) return served;
    }
    return most;
  }
};

std::string sid(int number) {
  return "CA0123456789abcdef0123456789abcd" + std::to_string(10 + number);
}

}  // namespace

TEST_CASE("a subject that reads too often is told when to come again; others are not held up") {
  Limited here;
  here.settings.limits.api_read_per_minute = 60;
  const auto first = here.as("alice", "GET", "/api/v1/calls");
  CHECK(header(first, "RateLimit-Limit") == "10");
  CHECK(header(first, "RateLimit-Remaining") == "9");
  CHECK(header(first, "RateLimit-Reset") == "1");
  CHECK(here.until_refused([&] { return here.as("alice", "GET", "/api/v1/calls").status; }) == 9);
  const auto refused = here.as("alice", "GET", "/api/v1/calls/call_1");
  CHECK(refused.status == 429);
  CHECK(nlohmann::json::parse(refused.body)["code"] == "rate_limited");
  CHECK(header(refused, "Retry-After") == "1");
  CHECK(header(refused, "RateLimit-Remaining") == "0");
  CHECK(header(refused, "RateLimit-Reset") == "10");
  CHECK(here.as("bob", "GET", "/api/v1/calls").status == 200);
  CHECK(here.as("alice", "PUT", "/api/v1/system/log-level").status == 400);  // writes have a bucket of their own
  here.calls.clock.advance(1s);
  CHECK(here.as("alice", "GET", "/api/v1/calls").status == 200);
}

TEST_CASE("what a subject may not do counts as well") {
  Limited here;
  here.settings.limits.api_read_per_minute = 60;
  auto denied =
      ApiFixture::request("GET", "/api/v1/system/log-level", {{"Authorization", "Bearer " + here.token("viewer")}});
  CHECK(header(here.serve(denied), "RateLimit-Remaining") == "9");
  CHECK(here.until_refused([&] { return here.serve(denied).status; }) == 9);
}

TEST_CASE("a body is not listened to when its sender writes too often") {
  Limited here;
  here.settings.limits.api_write_per_minute = 6;
  CHECK(here.until_refused([&] { return here.as("alice", "PUT", "/api/v1/system/log-level").status; }) == 10);
  CHECK(here.body.received == 10);
}

TEST_CASE("who guesses tokens is slowed down, and whoever shares the address and has one is not") {
  Limited here;
  here.settings.limits.unproven_per_minute = 3;
  CHECK(here.until_refused([&] { return here.unproven().status; }) == 3);
  const auto refused = here.unproven();
  CHECK(refused.status == 429);
  CHECK(header(refused, "Retry-After") == "20");
  CHECK(header(refused, "WWW-Authenticate").empty());
  CHECK(here.unproven("192.0.2.8").status == 401);
  auto proven = ApiFixture::request("GET", "/api/v1/calls", {{"Authorization", here.bearer()}});
  proven.client_address = "192.0.2.7";
  CHECK(here.serve(proven).status == 200);
  here.calls.clock.advance(20s);
  CHECK(here.unproven().status == 401);
}

TEST_CASE("forged webhooks count against their address, true ones from there are taken") {
  Limited here;
  here.settings.limits.unproven_per_minute = 2;
  const auto forge = [&] { return here.serve(here.webhook(sid(0), "+14155550100", false)).status; };
  CHECK(forge() == 403);
  CHECK(forge() == 403);
  CHECK(forge() == 429);
  CHECK(here.unproven().status == 429);  // a client that fails is one, whatever it fails at
  for (int i = 0; i < 5; ++i) CHECK(here.serve(here.webhook(sid(i), "+14155550100")).status == 200);
  auto socket = ApiFixture::request("GET", "/media/twilio/call_1", {{"X-Twilio-Signature", "wrong"}});
  socket.client_address = "192.0.2.7";
  CHECK(here.upgrade(std::move(socket)).refusal.status == 429);
}

TEST_CASE("webhooks are limited where that is asked for") {
  Limited here;
  CHECK(header(here.serve(here.webhook(sid(0), "+14155550100")), "RateLimit-Limit").empty());
  here.settings.limits.webhook_per_minute = 60;
  CHECK(here.until_refused([&] { return here.serve(here.webhook(sid(0), "+14155550100")).status; }) == 10);
}

TEST_CASE("an address may ask for so many sockets") {
  Limited here;
  here.settings.limits.upgrade_per_minute = 2;
  const auto ask = [&](const std::string& path, const std::string& address) {
    auto asked = ApiFixture::request("GET", path, {{"Authorization", here.bearer()}});
    asked.client_address = address;
    return here.upgrade(std::move(asked));
  };
  CHECK(ask("/api/v1/events", "192.0.2.7").handler != nullptr);
  CHECK(ask("/media/twilio/call_1", "192.0.2.7").refusal.status == 404);
  const auto third = ask("/api/v1/events", "192.0.2.7");
  CHECK(third.handler == nullptr);
  CHECK(third.refusal.status == 429);
  CHECK(header(third.refusal, "Retry-After") == "30");
  CHECK(ask("/api/v1/events", "192.0.2.8").handler != nullptr);
}

TEST_CASE("a number that calls too often hears busy, and a call that was taken stays taken") {
  Limited here;
  here.settings.limits.phone_per_minute = 2;
  const auto call = [&](int number, const std::string& from) { return here.serve(here.webhook(sid(number), from)); };
  const auto first = call(0, "+14155550100");
  CHECK(first.body.find("<Stream") != std::string::npos);
  CHECK(call(1, "+14155550100").body.find("<Stream") != std::string::npos);
  const auto third = call(2, "+14155550100");
  CHECK(third.status == 200);
  CHECK(third.body.find(R"(<Reject reason="busy")") != std::string::npos);
  CHECK(call(0, "+14155550100").body == first.body);
  CHECK(call(3, "+14155550101").body.find("<Stream") != std::string::npos);
  here.calls.clock.advance(30s);
  CHECK(call(4, "+14155550100").body.find("<Stream") != std::string::npos);
}

TEST_CASE("health and what this host asks for itself are never limited") {
  Limited here;
  here.settings.limits = {1, 1, 1, 1, 1, 1};
  for (int i = 0; i < 30; ++i) {
    CHECK(here.serve(ApiFixture::request("GET", "/readyz")).status != 429);
    CHECK(here.serve(ApiFixture::request("GET", "/health")).status == 200);
    CHECK(here.serve(ApiFixture::request("GET", "/metrics", {{"Host", "localhost"}})).status == 200);
  }
}

#include "support/raw_listener.hpp"
#include "unit/calls/service_fixture.hpp"

#include <trunkline/providers/twilio/rest_client.hpp>

#include <catch2/catch.hpp>

#include <future>
#include <string>

using namespace trunkline;

namespace {

constexpr auto main_account = "AC00000000000000000000000000000001";
constexpr auto sub_account = "AC00000000000000000000000000000002";

calls::Call call_of(const std::string& account) {
  calls::Call call;
  call.provider_call_id = "CA1";
  if (!account.empty()) call.metadata["AccountSid"] = account;
  return call;
}

config::Twilio settings_for(const test::RawListener& twilio) {
  config::Twilio settings;
  settings.account_sid = main_account;
  settings.auth_tokens = {"token"};
  settings.api_url = "http://127.0.0.1:" + std::to_string(twilio.port());
  return settings;
}

struct Asked {
  std::string request_line;
  Result<> result;
};

/// Hangs up at a Twilio that answers with `status`.
Asked hang_up(const calls::Call& call, const std::string& status) {
  test::RawListener twilio;
  const auto settings = settings_for(twilio);
  const auto client = providers::twilio::make_rest_client(settings);
  auto result = std::async(std::launch::async, [&] { return calls::test::run(client->hang_up(call)); });
  auto connection = twilio.accept();
  const std::string line = connection.read_until("\r\n");
  connection.read_until("Status=completed");
  connection.send("HTTP/1.1 " + status + "\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
  return {line.substr(0, line.find(" HTTP")), result.get()};
}

std::string path_of(const std::string& account) {
  return "POST /2010-04-01/Accounts/" + account + "/Calls/CA1.json";
}

}  // namespace

TEST_CASE("a call is hung up under the account that it came with") {
  const auto asked = hang_up(call_of(sub_account), "200 OK");
  CHECK(asked.request_line == path_of(sub_account));
  CHECK(asked.result.has_value());
}

TEST_CASE("a call whose account is not known is looked for under the configured one") {
  const auto asked = hang_up(call_of(""), "200 OK");
  CHECK(asked.request_line == path_of(main_account));
  CHECK(asked.result.has_value());
}

TEST_CASE("a call that its own account does not know is over") {
  CHECK(hang_up(call_of(sub_account), "404 Not Found").result.has_value());
}

TEST_CASE("a call that was looked for under a guessed account is not over because it is unknown there") {
  const auto asked = hang_up(call_of(""), "404 Not Found");
  REQUIRE(asked.result.has_error());
  CHECK(asked.result.error().code == "provider_failed");
}

namespace {

/// Asks a Twilio that answers so.
Result<std::optional<calls::ProviderWord>> fetch(const calls::Call& call, const std::string& status,
                                                 const std::string& body) {
  test::RawListener twilio;
  const auto settings = settings_for(twilio);
  const auto client = providers::twilio::make_rest_client(settings);
  auto result = std::async(std::launch::async, [&] { return calls::test::run(client->fetch(call)); });
  auto connection = twilio.accept();
  const std::string head = connection.read_until("\r\n\r\n");
  CHECK(head.starts_with("GET /2010-04-01/Accounts/"));
  connection.send("HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
                  "\r\nConnection: close\r\n\r\n" + body);
  return result.get();
}

}  // namespace

TEST_CASE("Twilio says how a call stands") {
  const auto over = fetch(call_of(sub_account), "200 OK",
                          R"({"status":"completed","duration":"42","end_time":"Tue, 31 Aug 2010 20:36:44 +0000"})");
  REQUIRE(over.has_value());
  REQUIRE(over->has_value());
  CHECK((*over)->state == calls::State::ended);
  CHECK((*over)->status == "completed");
  CHECK((*over)->duration_s == 42);
  CHECK((*over)->ended_at == from_millis(1'283'287'004'000));
  const auto rings = fetch(call_of(sub_account), "200 OK", R"({"status":"ringing","duration":null,"end_time":null})");
  REQUIRE(rings.has_value());
  CHECK((*rings)->state == calls::State::ringing);
  CHECK_FALSE((*rings)->duration_s);
  CHECK_FALSE((*rings)->ended_at);
}

TEST_CASE("a call that Twilio does not know is nothing, unless it was looked for under a guessed account") {
  const auto unknown = fetch(call_of(sub_account), "404 Not Found", "{}");
  REQUIRE(unknown.has_value());
  CHECK_FALSE(unknown->has_value());
  CHECK(fetch(call_of(""), "404 Not Found", "{}").error().code == "provider_failed");
}

TEST_CASE("an answer about a call that is none is an error") {
  CHECK(fetch(call_of(sub_account), "429 Too Many Requests", "{}").error().code == "rate_limited");
  CHECK(fetch(call_of(sub_account), "500 Oh", "{}").error().code == "provider_failed");
  CHECK(fetch(call_of(sub_account), "200 OK", "[]").error().code == "provider_failed");
  CHECK(fetch(call_of(sub_account), "200 OK", R"({"status":"dreaming"})").error().code == "provider_failed");
}

#include <trunkline/providers/acs/incoming_call.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::providers::acs;
using nlohmann::json;

namespace {

const json good = json::parse(R"({
  "to":{"kind":"phoneNumber","rawId":"4:+18005550100","phoneNumber":{"value":"+18005550100"}},
  "from":{"kind":"phoneNumber","rawId":"4:+16045551234","phoneNumber":{"value":"+16045551234"}},
  "serverCallId":"aHR0cHM6Ly9hcGkuZmxpZ2h0cHJveHkuZXhhbXBsZQ==",
  "callerDisplayName":"Ada",
  "customContext":{"sipHeaders":{"userToUser":"00;encoding=hex","X-MS-Custom-Id":"7"},"voipHeaders":{"k":"v"}},
  "incomingCallContext":"eyJhbGciOiJub25lIn0.eyJjYyI6IngifQ.",
  "correlationId":"7b2f0c64-5a1d-4f0e-9c3b-2d1e0f9a8b7c"})");

Result<IncomingCall> try_read(json data) {
  return read_incoming_call(
      {"1", "s", std::string(incoming_call_type), std::nullopt, "/caller/a/recipient/b", std::move(data)});
}

IncomingCall read(json data) {
  INFO(data.dump());
  auto call = try_read(std::move(data));
  REQUIRE(call.has_value());
  return std::move(*call);
}

std::string why_not(json data) {
  const auto call = try_read(std::move(data));
  REQUIRE_FALSE(call.has_value());
  CHECK(call.error().code == "invalid_event");
  return call.error().message;
}

json with(const char* key, json value) {
  json data = good;
  data[key] = std::move(value);
  return data;
}

json without(const char* key) {
  json data = good;
  data.erase(key);
  return data;
}

}  // namespace

TEST_CASE("a call that rings says who calls whom, and how it is answered") {
  const IncomingCall call = read(good);
  CHECK(call.to == phone_number("+18005550100"));
  CHECK(call.from == phone_number("+16045551234"));
  CHECK(call.server_call_id == "aHR0cHM6Ly9hcGkuZmxpZ2h0cHJveHkuZXhhbXBsZQ==");
  CHECK(call.correlation_id == "7b2f0c64-5a1d-4f0e-9c3b-2d1e0f9a8b7c");
  CHECK(call.caller_name == "Ada");
  CHECK(call.context == "eyJhbGciOiJub25lIn0.eyJjYyI6IngifQ.");
  CHECK(call.sip_headers ==
        std::map<std::string, std::string>{{"userToUser", "00;encoding=hex"}, {"X-MS-Custom-Id", "7"}});
  CHECK(call.voip_headers == std::map<std::string, std::string>{{"k", "v"}});
  CHECK(call.headers_dropped == 0);
  CHECK_FALSE(call.on_behalf_of.has_value());
}

TEST_CASE("a call needs only its parties and its context") {
  const IncomingCall call =
      read({{"to", good["to"]}, {"from", {{"rawId", "4:anonymous"}}}, {"incomingCallContext", "c"}});
  CHECK(call.from.anonymous);
  CHECK(call.server_call_id.empty());
  CHECK(call.sip_headers.empty());
  CHECK(read(with("onBehalfOfCallee", {{"rawId", "8:orgid:u"}})).on_behalf_of == from_raw_id("8:orgid:u"));
  CHECK_FALSE(read(with("onBehalfOfCallee", nullptr)).on_behalf_of.has_value());
  CHECK_FALSE(read(with("onBehalfOfCallee", 5)).on_behalf_of.has_value());
}

TEST_CASE("what a call cannot be without is named") {
  CHECK(why_not(nullptr) == "data must be an object");
  CHECK(why_not(json::array()) == "data must be an object");
  CHECK(why_not(without("to")) == "data.to is missing");
  CHECK(why_not(with("to", "4:+18005550100")) == "data.to must be an object");
  CHECK(why_not(without("from")) == "data.from is missing");
  CHECK(why_not(with("from", json::object())) == "data.from names nobody");
  CHECK(why_not(without("incomingCallContext")) == "data.incomingCallContext is missing");
  CHECK(why_not(with("incomingCallContext", "")) == "data.incomingCallContext is missing");
  CHECK(why_not(with("serverCallId", 5)) == "data.serverCallId must be visible ASCII of at most 2048 characters");
  CHECK(why_not(with("correlationId", std::string(257, 'x'))) ==
        "data.correlationId must be visible ASCII of at most 256 characters");
}

TEST_CASE("the context has at most 16 KiB, and an error never shows it") {
  CHECK(read(with("incomingCallContext", std::string(16384, 'x'))).context.size() == 16384);
  for (const std::string& context : {std::string(16385, 'x'), std::string("xxxx yyyy"), std::string("xxxx\n")}) {
    const std::string message = why_not(with("incomingCallContext", context));
    CHECK(message == "data.incomingCallContext must be visible ASCII of at most 16384 characters");
  }
}

TEST_CASE("headers are bounded in number, name and value, and are texts") {
  json many = json::object();
  for (int i = 0; i < 100; ++i) many["n" + std::to_string(i)] = "v";
  const IncomingCall call = read(with("customContext", {{"sipHeaders", many}, {"voipHeaders", {{"number", 5}}}}));
  CHECK(call.sip_headers.size() == 64);
  CHECK(call.voip_headers.empty());
  CHECK(call.headers_dropped == 37);

  const json large = {{std::string(129, 'n'), "v"}, {"value", std::string(4095, 'x') + "\xC3\xA9"}, {"", "v"}};
  const IncomingCall cut = read(with("customContext", {{"sipHeaders", large}}));
  CHECK(cut.sip_headers == std::map<std::string, std::string>{{"value", std::string(4095, 'x')}});
  CHECK(cut.headers_dropped == 2);

  CHECK(read(with("customContext", "none")).sip_headers.empty());
  CHECK(read(with("callerDisplayName", std::string(1000, 'n'))).caller_name.size() == 256);
}

#include <trunkline/base/base64.hpp>
#include <trunkline/base/crypto.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/envelope.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::providers::acs;
using nlohmann::json;

namespace {

const json grid = {{"id", "e-1"},
                   {"topic", "/subscriptions/s/communicationServices/contoso"},
                   {"subject", "/caller/a/recipient/b"},
                   {"data", {{"k", 1}}},
                   {"eventType", "Microsoft.Communication.IncomingCall"},
                   {"eventTime", "2026-11-20T12:01:00.1234567Z"},
                   {"dataVersion", "1.0"},
                   {"metadataVersion", "1"}};
const json cloud = {{"id", "e-1"},
                    {"source", "/subscriptions/s/communicationServices/contoso"},
                    {"subject", "/caller/a/recipient/b"},
                    {"data", {{"k", 1}}},
                    {"type", "Microsoft.Communication.IncomingCall"},
                    {"time", "2026-11-20T12:01:00.123+00:00"},
                    {"specversion", "1.0"},
                    {"datacontenttype", "application/json"}};

std::vector<Result<Envelope>> read(const std::string& body) {
  auto events = read_envelopes(body);
  REQUIRE(events.has_value());
  return std::move(*events);
}

Envelope only(const json& body) {
  INFO(body.dump());
  const auto events = read(body.dump());
  REQUIRE(events.size() == 1);
  REQUIRE(events[0].has_value());
  return *events[0];
}

std::string why_not(json event) {
  const auto events = read(json::array({cloud, std::move(event), grid}).dump());
  REQUIRE(events.size() == 3);
  CHECK(events[0].has_value());
  CHECK(events[2].has_value());
  REQUIRE_FALSE(events[1].has_value());
  CHECK(events[1].error().code == "invalid_event");
  return events[1].error().message;
}

std::string error_of(const std::string& body) {
  const auto events = read_envelopes(body);
  REQUIRE_FALSE(events.has_value());
  return events.error().code;
}

json with(json event, const char* key, json value) {
  event[key] = std::move(value);
  return event;
}

json without(json event, const char* key) {
  event.erase(key);
  return event;
}

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

}  // namespace

TEST_CASE("both schemas give the same envelope, alone and in an array") {
  const Envelope expected{"e-1",
                          "/subscriptions/s/communicationServices/contoso",
                          "Microsoft.Communication.IncomingCall",
                          text::parse_rfc3339("2026-11-20T12:01:00.123Z"),
                          "/caller/a/recipient/b",
                          {{"k", 1}}};
  CHECK(only(grid) == expected);
  CHECK(only(cloud) == expected);
  CHECK(only(json::array({grid})) == expected);
  CHECK(only(json::array({cloud})) == expected);
  CHECK(read(json::array({grid, cloud, cloud}).dump()).size() == 3);
  CHECK(read("[]").empty());
}

TEST_CASE("names of members are read in any case, the exact one first") {
  CHECK(only({{"ID", "1"}, {"Source", "s"}, {"TYPE", "t"}, {"specVersion", "1.0"}, {"Data", 5}}) ==
        Envelope{"1", "s", "t", std::nullopt, "", 5});
  CHECK(only(with(cloud, "ID", "other")).id == "e-1");
  CHECK(only({{"Id", "1"}, {"EventType", "t"}}) == Envelope{"1", "", "t", std::nullopt, "", nullptr});
}

TEST_CASE("what an event need not have may be missing") {
  CHECK(only({{"id", "1"}, {"source", "s"}, {"type", "t"}}) == Envelope{"1", "s", "t", std::nullopt, "", nullptr});
  CHECK(only(with(cloud, "subject", nullptr)).subject.empty());
  CHECK(only(without(grid, "topic")).source.empty());
  CHECK_FALSE(only(with(cloud, "time", "yesterday")).time.has_value());
  CHECK_FALSE(only(with(cloud, "time", 5)).time.has_value());
}

TEST_CASE("data that is encoded in base64 is JSON inside") {
  const json bare = without(cloud, "data");
  CHECK(only(with(bare, "data_base64", base64::encode(R"({"k":[1]})"))).data == json{{"k", {1}}});
  CHECK(why_not(with(bare, "data_base64", "%%")) == "event 1: data_base64 is not base64");
  CHECK(why_not(with(bare, "data_base64", base64::encode("{"))) ==
        "event 1: data_base64 is not JSON of at most 32 levels");
  CHECK(why_not(with(bare, "data_base64", base64::encode(nested(33)))) ==
        "event 1: data_base64 is not JSON of at most 32 levels");
}

TEST_CASE("an event that is malformed names its place and its field and leaves the others alone") {
  CHECK(why_not(5) == "event 1: it must be an object");
  CHECK(why_not(json::object()) == "event 1: id is missing");
  CHECK(why_not(without(cloud, "id")) == "event 1: id is missing");
  CHECK(why_not(with(cloud, "id", "")) == "event 1: id must be a text");
  CHECK(why_not(with(cloud, "id", 7)) == "event 1: id must be a text");
  CHECK(why_not(with(cloud, "id", std::string(1025, 'x'))) == "event 1: id is longer than 1024 bytes");
  CHECK(why_not(without(cloud, "source")) == "event 1: source is missing");
  CHECK(why_not(without(cloud, "type")) == "event 1: type is missing");
  CHECK(why_not(with(grid, "eventType", json::array())) == "event 1: eventType must be a text");
  CHECK(why_not(with(grid, "subject", 1)) == "event 1: subject must be a text");
  CHECK(why_not(with(cloud, "specversion", "0.3")) == "event 1: specversion must be 1.0");
  CHECK(why_not(with(cloud, "specversion", 1)) == "event 1: specversion must be 1.0");
}

TEST_CASE("a body that is no events is refused whole") {
  CHECK(error_of("") == "invalid_json");
  CHECK(error_of("{") == "invalid_json");
  CHECK(error_of("[1e999]") == "invalid_json");
  CHECK(error_of("[\"\xff\"]") == "invalid_json");
  CHECK(error_of("5") == "invalid_body");
  CHECK(error_of("null") == "invalid_body");
  CHECK(error_of("\"[]\"") == "invalid_body");
}

TEST_CASE("nesting and the number of events have limits") {
  CHECK(read(nested(32)).size() == 1);
  CHECK(error_of(nested(33)) == "invalid_json");
  CHECK(error_of(std::string(1'000'000, '[')) == "invalid_json");
  CHECK(error_of(R"({"a":"\"[","b":)" + nested(32) + "}") == "invalid_json");
  CHECK(read(R"({"a":"\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[","b":"\\","c":)" + nested(31) + "}").size() == 1);

  CHECK(read(json(std::vector<int>(5000, 0)).dump()).size() == 5000);
  CHECK(error_of(json(std::vector<int>(5001, 0)).dump()) == "too_many_events");
}

TEST_CASE("the inbox key is the source and the id, and a digest when they are long") {
  Envelope event{"id-1", "calling/callConnections/c-1", "t", std::nullopt, "", nullptr};
  CHECK(inbox_key(event) == "acs/calling/callConnections/c-1/id-1");
  event.source = std::string(200 - 4 - 1 - event.id.size(), 's');
  CHECK(inbox_key(event).size() == 200);
  CHECK(inbox_key(event) == "acs/" + event.source + "/id-1");
  event.source += 's';
  CHECK(inbox_key(event) == "acs/" + crypto::hex(crypto::sha256(event.source + "/id-1")));
}

TEST_CASE("the header tells what kind of delivery a request of Event Grid is") {
  CHECK(parse_delivery("Notification") == Delivery::notification);
  CHECK(parse_delivery("subscriptionvalidation") == Delivery::validation);
  CHECK(parse_delivery(" SubscriptionDeletion ") == Delivery::deletion);
  CHECK_FALSE(parse_delivery("").has_value());
  CHECK_FALSE(parse_delivery("Other").has_value());
}

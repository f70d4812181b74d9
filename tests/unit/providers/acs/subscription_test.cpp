#include <trunkline/providers/acs/subscription.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::providers::acs;
using nlohmann::json;

namespace {

Envelope event(std::string_view type, json data) {
  return {"1", "/subscriptions/s", std::string(type), std::nullopt, "", std::move(data)};
}

std::string why_not(json data) {
  const auto read = read_validation(event(validation_type, std::move(data)));
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().code == "invalid_event");
  return read.error().message;
}

}  // namespace

TEST_CASE("a subscription that is to be validated gives its code, with or without an address") {
  const std::string url = "https://rp-westeurope.eventgrid.azure.net:553/eventsubscriptions/calls/validate?id=512d38b6";
  const auto read =
      read_validation(event(validation_type, {{"validationCode", "512d38b6-c7b8"}, {"validationUrl", url}}));
  REQUIRE(read.has_value());
  CHECK(read->topic == "/subscriptions/s");
  CHECK(read->code == "512d38b6-c7b8");
  CHECK(read->url == url);
  CHECK(validation_answer(read->code) == R"({"validationResponse":"512d38b6-c7b8"})");
  CHECK(read_validation(event(validation_type, {{"validationCode", "512d38b6-c7b8"}})).has_value());
}

TEST_CASE("a code or an address that is none is refused") {
  const std::string shape = " must be visible ASCII of at most ";
  CHECK(why_not(nullptr) == "data.validationCode is missing");
  CHECK(why_not({{"validationCode", ""}}) == "data.validationCode is missing");
  CHECK(why_not({{"validationCode", 5}}) == "data.validationCode" + shape + "256 characters");
  CHECK(why_not({{"validationCode", std::string(257, 'x')}}) == "data.validationCode" + shape + "256 characters");
  CHECK(why_not({{"validationCode", "a\"\n"}}) == "data.validationCode" + shape + "256 characters");
  CHECK(why_not({{"validationCode", "c"}, {"validationUrl", "http://169.254.169.254/"}}) ==
        "data.validationUrl must begin with https");
  CHECK(why_not({{"validationCode", "c"}, {"validationUrl", "https://" + std::string(4096, 'x')}}) ==
        "data.validationUrl" + shape + "4096 characters");
}

TEST_CASE("a subscription that was deleted is named") {
  const auto read = read_deletion(event(deletion_type, {{"eventSubscriptionId", "/subscriptions/s/es/calls"}}));
  REQUIRE(read.has_value());
  CHECK(read->topic == "/subscriptions/s");
  CHECK(read->subscription_id == "/subscriptions/s/es/calls");
  CHECK(read_deletion(event(deletion_type, nullptr)).has_value());
  CHECK_FALSE(read_deletion(event(deletion_type, {{"eventSubscriptionId", 5}})).has_value());
}

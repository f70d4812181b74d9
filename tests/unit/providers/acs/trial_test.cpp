#include "providers/acs/trial.hpp"

#include "support/manual_clock.hpp"

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::providers::acs;

namespace {

struct Reader {
  Result<Trial> read(const std::string& body) const { return read_trial(body, clock.wall(), *ids); }
  std::string problem(const std::string& body) const {
    const auto trial = read(body);
    return trial ? "" : trial.error().message;
  }

  trunkline::test::ManualClock clock;
  std::unique_ptr<Ids> ids = make_ids(clock);
};

}  // namespace

TEST_CASE("a trial is an event of now, from nobody but us") {
  const Reader reader;
  const auto trial =
      reader.read(R"({"eventType":"Microsoft.Communication.PlayFailed","id":"t1","callId":"call_1","data":{"a":[1]}})");
  REQUIRE(trial.has_value());
  CHECK(trial->envelope.type == "Microsoft.Communication.PlayFailed");
  CHECK(trial->envelope.source == "trial");
  CHECK(inbox_key(trial->envelope) == "acs/trial/t1");
  CHECK(trial->envelope.time == reader.clock.wall());
  CHECK(trial->envelope.data == nlohmann::json{{"a", {1}}});
  CHECK(trial->call_id == "call_1");
}

TEST_CASE("of a trial the type alone is needed, and its family may be left out") {
  const Reader reader;
  const auto trial = reader.read(R"({"eventType":"CallConnected"})");
  REQUIRE(trial.has_value());
  CHECK(trial->envelope.type == "Microsoft.Communication.CallConnected");
  CHECK(trial->envelope.data.is_null());
  CHECK(trial->call_id.empty());
  CHECK(trial->envelope.id != reader.read(R"({"eventType":"CallConnected"})")->envelope.id);
}

TEST_CASE("a trial that cannot be read is told why") {
  const Reader reader;
  CHECK(reader.read("{").error().code == "invalid_json");
  CHECK_THAT(reader.problem("[]"), Catch::Contains("object"));
  CHECK_THAT(reader.problem("{}"), Catch::Contains("eventType"));
  CHECK_THAT(reader.problem(R"({"eventType":5})"), Catch::Contains("eventType"));
  CHECK_THAT(reader.problem(R"({"eventType":"X","id":"two words"})"), Catch::Contains("id"));
  CHECK_THAT(reader.problem(R"({"eventType":"X","callId":[]})"), Catch::Contains("callId"));
}

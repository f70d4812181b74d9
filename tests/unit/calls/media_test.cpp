#include "service_fixture.hpp"

#include <nlohmann/json.hpp>

namespace trunkline::calls {
namespace {

using namespace test;

Result<MediaGrant> start(Fixture& fixture, const std::string& call_id, const std::string& sid,
                         const std::string& token) {
  return run(fixture.service->start_media({call_id, sid, token, "MZ1", true, R"({"encoding":"mulaw"})"}));
}

std::string refusal(const Result<MediaGrant>& grant) {
  return grant.has_error() ? grant.error().code : "granted";
}

TEST_CASE("a media token connects its call and opens a recording") {
  Fixture fixture;
  const auto call = fixture.arrive("CA1");
  const auto grant = start(fixture, call.call_id, "CA1", call.token);
  REQUIRE(grant.has_value());
  CHECK(grant->call.state == State::connected);
  CHECK(grant->route.name == "default");
  CHECK(grant->bidirectional);

  const auto event = fixture.observer.told().back().event;
  CHECK(event.type == EventType::media_started);
  CHECK(nlohmann::json::parse(event.data) ==
        nlohmann::json{{"streamId", "MZ1"}, {"encoding", "mulaw"}, {"node", "node_1"}});

  const auto path = fixture.database->read_blocking<std::string>([&](store::Sql& sql) -> Result<std::string> {
    return sql.query("SELECT path FROM call_recordings WHERE id = $1 AND state = 'recording'", {grant->recording_id})
        .at(0)
        .text(0);
  });
  REQUIRE(path.has_value());
  CHECK(*path == "2026/09/21/" + grant->recording_id + ".wav");
}

TEST_CASE("a route that does not record opens no recording") {
  Fixture fixture;
  Arrival arrival = Fixture::arrival("CA1");
  arrival.to = "+14155550001";
  const auto call = fixture.arrive(arrival);
  const auto grant = start(fixture, call.call_id, "CA1", call.token);
  REQUIRE(grant.has_value());
  CHECK(grant->recording_id.empty());
  CHECK(fixture.count("call_recordings") == 0);
}

TEST_CASE("where the media may return its token works again, for a day and while the call lasts") {
  Fixture fixture;
  Arrival arrival = Fixture::arrival("CA1");
  arrival.media_returns = true;
  const auto call = fixture.arrive(arrival);
  CHECK_FALSE(start(fixture, call.call_id, "CA1", call.token).value().returned);
  fixture.clock.advance(std::chrono::hours(23));
  CHECK(start(fixture, call.call_id, "CA1", call.token).value().returned);
  CHECK(fixture.count("call_recordings") == 2);
  CHECK(refusal(start(fixture, call.call_id, "CA2", call.token)) == "bad_token");
  REQUIRE(fixture.report("CA1", "end", State::ended).has_value());
  CHECK(refusal(start(fixture, call.call_id, "CA1", call.token)) == "call_over");
  fixture.clock.advance(std::chrono::hours(2));
  CHECK(refusal(start(fixture, call.call_id, "CA1", call.token)) == "bad_token");
}

TEST_CASE("a recording has the rate of its stream") {
  Fixture fixture;
  const auto call = fixture.arrive("CA1");
  REQUIRE(run(fixture.service->start_media({call.call_id, "CA1", call.token, "s1", true, "{}", 16'000})).has_value());
  const auto rate = fixture.database->read_blocking<std::int64_t>([](store::Sql& sql) -> Result<std::int64_t> {
    return sql.query("SELECT sample_rate FROM call_recordings").at(0).integer(0);
  });
  CHECK(rate.value() == 16'000);
}

TEST_CASE("a media token works once") {
  Fixture fixture;
  const auto call = fixture.arrive("CA1");
  CHECK(refusal(start(fixture, call.call_id, "CA1", call.token)) == "granted");
  CHECK(refusal(start(fixture, call.call_id, "CA1", call.token)) == "bad_token");
  CHECK(fixture.count("call_recordings") == 1);
}

TEST_CASE("a media token is no good for another call, nor after its time; a wrong one never is") {
  Fixture fixture;
  const auto one = fixture.arrive("CA1");
  const auto two = fixture.arrive("CA2");
  CHECK(refusal(start(fixture, two.call_id, "CA2", one.token)) == "bad_token");
  CHECK(refusal(start(fixture, one.call_id, "CA2", one.token)) == "bad_token");
  CHECK(refusal(start(fixture, one.call_id, "CA1", std::string(32, '0'))) == "bad_token");
  CHECK(refusal(start(fixture, one.call_id, "CA1", "")) == "bad_token");
  CHECK(refusal(start(fixture, "call_none", "CA1", one.token)) == "bad_token");
  CHECK(refusal(start(fixture, one.call_id, "CA1", one.token)) == "granted");

  fixture.clock.advance(std::chrono::minutes(5));
  CHECK(refusal(start(fixture, two.call_id, "CA2", two.token)) == "bad_token");
  CHECK(fixture.find(two.call_id).state == State::ringing);
}

TEST_CASE("a call that is over gets no media") {
  Fixture fixture;
  const auto call = fixture.arrive("CA1");
  REQUIRE(fixture.report("CA1", "s1", State::cancelled).has_value());
  CHECK(refusal(start(fixture, call.call_id, "CA1", call.token)) == "call_over");
  CHECK(fixture.count("call_recordings") == 0);
}

TEST_CASE(
    "tokens are kept by digest; the answers that carry one are kept as they are, and the token in them is burned") {
  Fixture fixture;
  const auto call = fixture.arrive("CA1");
  const auto has_token = [&](const std::string& table_and_column) {
    return fixture.count(table_and_column + " LIKE '%" + call.token + "%'") > 0;
  };
  CHECK_FALSE(has_token("media_tokens WHERE token_sha256"));
  CHECK(fixture.count("media_tokens WHERE LENGTH(token_sha256) = 64") == 1);
  CHECK_FALSE(has_token("calls WHERE snapshot"));
  CHECK_FALSE(has_token("call_events WHERE data"));
  CHECK(has_token("inbox WHERE body"));
  REQUIRE(start(fixture, call.call_id, "CA1", call.token).has_value());
  CHECK(has_token("inbox WHERE body"));
  CHECK(refusal(start(fixture, call.call_id, "CA1", call.token)) == "bad_token");
}

}  // namespace
}  // namespace trunkline::calls

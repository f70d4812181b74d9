#include "events/event_grid_batch.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace trunkline::events::grid {
namespace {

using calls::EventType;

calls::Event event(std::int64_t seq, EventType type, std::string data = "{}") {
  return {"evt_" + std::to_string(seq), "call_1", type, from_millis(1'800'000'000'123), std::move(data), seq, seq,
          calls::State::ringing};
}

config::EventGrid topic(std::string endpoint, std::string name) {
  return {std::move(endpoint), "key", std::move(name)};
}

TEST_CASE("the address has the path and the version, however the endpoint is written") {
  const std::string whole = "https://calls.westeurope-1.eventgrid.azure.net/api/events?api-version=2018-01-01";
  CHECK(publish_url(topic("https://calls.westeurope-1.eventgrid.azure.net/api/events", "")) == whole);
  CHECK(publish_url(topic("https://calls.westeurope-1.eventgrid.azure.net", "")) == whole);
}

TEST_CASE("events of a domain name their topic, those of a custom topic do not") {
  CHECK(topic_of(topic("https://Calls.westeurope-1.eventgrid.azure.net/api/events", "calls")).empty());
  CHECK(topic_of(topic("https://calls.westeurope-1.eventgrid.azure.net/api/events", "")).empty());
  CHECK(topic_of(topic("https://domain.westeurope-1.eventgrid.azure.net/api/events", "calls")) == "calls");
}

TEST_CASE("what is about calls and transcripts goes out in the Event Grid schema") {
  const std::vector<calls::Event> events = {event(4, EventType::media_started), event(5, EventType::call_received),
                                            event(7, EventType::transcript_segment, R"({"text":"hi \"there\""})"),
                                            event(9, EventType::quality_summary)};
  const Batch batch = make_batch(events, 100, "");
  CHECK(batch.events == 2);
  CHECK(batch.last_seq == 9);
  const auto body = nlohmann::json::parse(batch.body);
  REQUIRE(body.size() == 2);
  CHECK(body[0] == nlohmann::json{{"id", "evt_5"},
                                  {"subject", "/calls/call_1"},
                                  {"eventType", "Trunkline.call.received"},
                                  {"eventTime", "2027-01-15T08:00:00.123Z"},
                                  {"dataVersion", "1"},
                                  {"data", nlohmann::json::parse(calls::to_json_text(events[1]))}});
  CHECK(body[1]["data"]["data"]["text"] == "hi \"there\"");
  CHECK(nlohmann::json::parse(make_batch(events, 100, "calls").body)[0]["topic"] == "calls");
}

TEST_CASE("a batch ends before what would be too many or too much, and says up to where it goes") {
  std::vector<calls::Event> events;
  for (std::int64_t seq = 1; seq <= 40; ++seq) {
    events.push_back(event(seq, EventType::call_status, "{\"text\":\"" + std::string(60'000, 'x') + "\"}"));
  }
  const Batch large = make_batch(events, 100, "");
  CHECK(large.events == 16);
  CHECK(large.last_seq == 16);
  CHECK(large.body.size() <= 1'000'000);
  CHECK(nlohmann::json::parse(large.body).size() == 16);
  const Batch few = make_batch(events, 3, "");
  CHECK(few.events == 3);
  CHECK(few.last_seq == 3);
}

TEST_CASE("where there is nothing to publish only the place moves") {
  const std::vector<calls::Event> events = {event(4, EventType::media_started), event(5, EventType::dtmf_received)};
  const Batch batch = make_batch(events, 100, "");
  CHECK(batch.events == 0);
  CHECK(batch.last_seq == 5);
}

TEST_CASE("what is refused is narrowed down to the one event that is left out, everything else is tried again") {
  CHECK(judge(200, 5) == Next::advance);
  for (const int status : {400, 413}) {
    CHECK(judge(status, 5) == Next::smaller);
    CHECK(judge(status, 1) == Next::skip);
  }
  for (const int status : {0, 301, 401, 403, 404, 429, 500, 503}) CHECK(judge(status, 1) == Next::wait);
  CHECK(back_off(1) == std::chrono::seconds(1));
  CHECK(back_off(3) == std::chrono::seconds(4));
  CHECK(back_off(100) == std::chrono::seconds(60));
}

}  // namespace
}  // namespace trunkline::events::grid

#include "unit/api/api_fixture.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace trunkline;
using api::test::ApiFixture;
using nlohmann::json;

namespace {

/// The log read page by page, over plain HTTP.
struct EventLog : ApiFixture {
  net::Response answer(const std::string& query) {
    auto asked = request("GET", "/api/v1/events", {{"Authorization", bearer()}});
    asked.query = query;
    return serve(std::move(asked));
  }
  json page(const std::string& query) {
    const auto given = answer(query);
    REQUIRE(given.status == 200);
    return json::parse(given.body);
  }
  static std::vector<std::int64_t> seqs(const json& page) {
    std::vector<std::int64_t> found;
    for (const auto& event : page["data"]) found.push_back(event["seq"]);
    return found;
  }
  void number() {
    while (calls::test::run(calls.service->number_events()).value().more) {
    }
  }
  void press_digits(const std::string& call, int count) {
    for (int i = 0; i < count; ++i) {
      REQUIRE(calls::test::run(
          calls.service->append(call, calls::EventType::dtmf_received, R"({"digit":"1","track":"inbound","atMs":0})")));
    }
    number();
  }
};

}  // namespace

TEST_CASE("the log of events is read to its end, page by page, and on from there") {
  EventLog here;
  const std::string call = here.calls.arrive("CA1").call_id;
  here.press_digits(call, 4);
  std::vector<std::int64_t> seen;
  std::string cursor = "0";
  json page;
  do {
    page = here.page("limit=2&after=" + cursor);
    CHECK(page["data"].size() <= 2);
    for (const auto seq : EventLog::seqs(page)) seen.push_back(seq);
    cursor = page["nextCursor"];
  } while (page["hasMore"]);
  CHECK(seen.size() == 6);  // an arrival is two
  CHECK(std::is_sorted(seen.begin(), seen.end()));
  CHECK(cursor == std::to_string(seen.back()));

  CHECK(here.page("after=" + cursor) == json{{"data", json::array()}, {"nextCursor", cursor}, {"hasMore", false}});
  here.press_digits(call, 1);
  const json next = here.page("after=" + cursor);
  CHECK(next["data"].size() == 1);
  CHECK(next["data"][0]["type"] == "dtmf.received");
}

TEST_CASE("a log without events is at its end, at the place that was asked for") {
  EventLog here;
  CHECK(here.page("") == json{{"data", json::array()}, {"nextCursor", "0"}, {"hasMore", false}});
  CHECK(here.page("after=7")["nextCursor"] == "7");
}

TEST_CASE("a page that is full to the last event says that nothing follows") {
  EventLog here;
  here.press_digits(here.calls.arrive("CA1").call_id, 1);
  CHECK_FALSE(here.page("limit=3")["hasMore"]);
  CHECK(here.page("limit=2")["hasMore"]);
  CHECK_FALSE(here.page("limit=3&types=call.*,dtmf.*")["hasMore"]);
  CHECK(here.page("limit=2&types=call.*,dtmf.*")["hasMore"]);
}

TEST_CASE("what a filter leaves out is passed over: the cursor moves on") {
  EventLog here;
  const std::string call = here.calls.arrive("CA1").call_id;
  here.press_digits(call, 1'001);
  here.calls.arrive("CA2");
  here.number();
  json page = here.page("types=call.received");
  CHECK(page["data"].size() == 1);
  CHECK(page["nextCursor"] == "999");  // a thousand were looked at, the last to see that there is more
  CHECK(page["hasMore"]);
  page = here.page("types=media.*");
  CHECK(page["data"].empty());
  CHECK(page["nextCursor"] == "999");
  page = here.page("types=media.*&after=999");
  CHECK(page["data"].empty());
  CHECK(page["nextCursor"] == "1005");
  CHECK_FALSE(page["hasMore"]);
  CHECK(here.page("types=call.received&after=999")["data"].size() == 1);
}

TEST_CASE("the events of one call are read alone") {
  EventLog here;
  here.press_digits(here.calls.arrive("CA1").call_id, 1);
  const std::string second = here.calls.arrive("CA2").call_id;
  here.press_digits(second, 2);
  const json page = here.page("callId=" + second + "&types=dtmf.received");
  CHECK(EventLog::seqs(page) == std::vector<std::int64_t>{6, 7});
  CHECK(here.page("callId=call_unknown")["data"].empty());
}

TEST_CASE("a malformed question about events is answered as such") {
  EventLog here;
  for (const char* query : {"after=-1", "after=x", "limit=0", "limit=501", "types=nope"}) {
    CAPTURE(query);
    CHECK(here.answer(query).status == 400);
  }
  const auto viewer = ApiFixture::request("GET", "/api/v1/events");
  CHECK(here.serve(viewer).status == 401);
  auto other = ApiFixture::request("GET", "/api/v1/events", {{"Authorization", "Bearer " + here.token("nobody")}});
  CHECK(here.serve(std::move(other)).status == 403);
}

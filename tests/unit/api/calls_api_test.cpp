#include "unit/api/api_fixture.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace trunkline;
using api::test::ApiFixture;
using api::test::FakeStream;
using api::test::header;
using calls::State;

namespace {

/// One call of which the provider cannot be told that it is to end.
struct Unreachable : ApiFixture {
  Unreachable() { provider.result = make_error("provider_failed", "Twilio answered with HTTP 500"); }

  std::shared_ptr<FakeStream> runs(bool bidirectional) {
    auto stream = std::make_shared<FakeStream>(bidirectional);
    REQUIRE(streams.add(call_id, stream_thread.get_executor(), stream));
    return stream;
  }
  net::Response end() {
    return serve(request("POST", "/api/v1/calls/" + call_id + "/end", {{"Authorization", bearer()}}));
  }

  std::string call_id = calls.arrive("CA1").call_id;
};

}  // namespace

TEST_CASE("a call that only listens to its parties is not over because its stream could be ended") {
  Unreachable here;
  const auto stream = here.runs(false);
  const auto answer = here.end();
  CHECK(answer.status == 502);
  CHECK(nlohmann::json::parse(answer.body)["code"] == "provider_failed");
  CHECK(stream->ends == 0);
  CHECK(here.calls.find(here.call_id).state == State::ringing);
}

TEST_CASE("a call that goes with its stream is ended by it") {
  Unreachable here;
  const auto stream = here.runs(true);
  const auto answer = here.end();
  CHECK(answer.status == 200);
  CHECK(nlohmann::json::parse(answer.body)["endReason"] == "ended-by-api");
  CHECK(stream->ends == 1);
}

TEST_CASE("a call whose stream was freed meanwhile is not ended by it") {
  Unreachable here;
  here.runs(true);
  CHECK(here.end().status == 502);
  CHECK(here.calls.find(here.call_id).state == State::ringing);
}

TEST_CASE("a call that the provider hung up takes its listening stream along") {
  Unreachable here;
  here.provider.result = Result<>{};
  const auto stream = here.runs(false);
  CHECK(here.end().status == 200);
  CHECK(stream->ends == 1);
}

TEST_CASE("a transcript comes in the form that is liked best, JSON on a tie") {
  ApiFixture here;
  const std::string path = "/api/v1/calls/" + here.calls.arrive("CA1").call_id + "/transcript";
  const auto type_for = [&](const std::string& accept) {
    return std::string(header(here.get(path, {{"Accept", accept}}), "Content-Type"));
  };
  CHECK(type_for("application/json, text/plain, */*") == "application/json");
  CHECK(type_for("text/plain, application/json;q=0.9") == "text/plain; charset=utf-8");
  CHECK(type_for("text/vtt") == "text/vtt; charset=utf-8");
  CHECK(here.get(path, {{"Accept", "image/png"}}).status == 406);
}

TEST_CASE("how a call sounded is listed, to who may read calls") {
  ApiFixture here;
  const std::string id = here.calls.arrive("CA1").call_id;
  const std::string path = "/api/v1/calls/" + id + "/quality";
  CHECK(here.get(path, {}).body == R"({"data":[]})");
  REQUIRE(calls::test::run(
              here.calls.service->append(id, calls::EventType::quality_summary,
                                         R"({"score":"good","tracks":{"inbound":{"score":"good","jitterMs":21.5}}})"))
              .has_value());
  const auto answer = here.get(path, {});
  REQUIRE(answer.status == 200);
  const auto rows = nlohmann::json::parse(answer.body)["data"];
  REQUIRE(rows.size() == 1);
  CHECK(rows[0]["quality"] == "good");
  CHECK(rows[0]["jitterMs"] == 21.5);
  CHECK(here.get("/api/v1/calls/call_unknown/quality", {}).status == 404);
  CHECK(here.serve(here.request("GET", path)).status == 401);
}

namespace {

/// A call that another node changes, of which nothing is heard here.
struct ChangedElsewhere : ApiFixture {
  ChangedElsewhere() {
    REQUIRE(version({}) == 2);
    REQUIRE(calls::test::run(elsewhere.append(call_id, calls::EventType::call_reconnecting, "{}")).has_value());
  }

  std::int64_t version(net::Headers headers) {
    return nlohmann::json::parse(get("/api/v1/calls/" + call_id, std::move(headers)).body)["version"];
  }

  std::string call_id = calls.arrive("CA1").call_id;
  calls::CallService elsewhere{*calls.database, calls.routing, calls.clock, *calls.ids, "node_2"};
};

}  // namespace

TEST_CASE("a call may be shown as it was a moment ago, unless that is refused") {
  ChangedElsewhere here;
  CHECK(here.version({}) == 2);
  CHECK(here.version({{"Cache-Control", "max-age=5"}}) == 2);
  SECTION("no-cache") {
    CHECK(here.version({{"Cache-Control", "no-cache"}}) == 3);
  }
  SECTION("a reload") {
    CHECK(here.version({{"Cache-Control", "max-age=0"}}) == 3);
  }
  SECTION("in time") {
    here.calls.clock.advance(std::chrono::seconds(5));
    CHECK(here.version({}) == 3);
  }
  CHECK(here.version({}) == 3);
}

TEST_CASE("looks at calls are counted by where they were answered from") {
  ChangedElsewhere here;
  here.version({});
  here.get("/api/v1/calls/" + here.call_id + "/recordings");
  here.get("/api/v1/calls/call_unknown");
  const auto figures = here.metrics.render();
  CHECK_THAT(figures, Catch::Contains(R"(trunkline_cache_requests_total{cache="calls",level="l1",outcome="hit"} 3)"));
  CHECK_THAT(figures, Catch::Contains(R"(trunkline_cache_requests_total{cache="calls",level="l1",outcome="miss"} 1)"));
}

TEST_CASE("what is decided about a call is decided by what is stored") {
  ChangedElsewhere here;
  REQUIRE(calls::test::run(here.elsewhere.append(here.call_id, calls::EventType::call_closed,
                                                 R"({"reason":"elsewhere","authority":"command"})"))
              .has_value());
  CHECK(here.version({}) == 2);
  const auto answer =
      here.serve(here.request("POST", "/api/v1/calls/" + here.call_id + "/end", {{"Authorization", here.bearer()}}));
  CHECK(nlohmann::json::parse(answer.body)["endReason"] == "elsewhere");
}

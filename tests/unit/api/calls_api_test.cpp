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

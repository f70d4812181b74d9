#include <trunkline/providers/acs/cause.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace trunkline;
using namespace trunkline::providers::acs;
using calls::State;
using nlohmann::json;

namespace {

Cause cause_of(const char* result) {
  return read_cause({{"resultInformation", json::parse(result)}});
}

}  // namespace

TEST_CASE("a cause is read as far as it has the right shape") {
  const Cause cause = cause_of(R"({"code":603,"subCode":"8538","message":"Declined.",
    "sipDetails":{"code":603,"message":"Decline"},"q850Details":{"code":21}})");
  CHECK(cause.code == 603);
  CHECK(cause.sub_code == 8538);
  CHECK(cause.message == "Declined.");
  json data = {{"operation", "play"}};
  add_to(data, cause);
  CHECK(data == json::parse(R"({"operation":"play","code":603,"subCode":8538,"message":"Declined.",
    "sip":{"code":603,"message":"Decline"},"q850":{"code":21}})"));

  for (const char* odd : {"{}", "[]", "5", "null", R"({"code":1.5,"subCode":true,"message":7,"sipDetails":5})",
                          R"({"code":18446744073709551615,"sipDetails":{"code":"x"}})"}) {
    CAPTURE(odd);
    json none = json::object();
    add_to(none, cause_of(odd));
    CHECK(none.empty());
  }
  json none = json::object();
  add_to(none, read_cause("text"));
  CHECK(none.empty());
}

TEST_CASE("messages are cut between characters") {
  const json result = {{"message", std::string(1023, 'x') + "\xE2\x82\xAC"},
                       {"sipDetails", {{"code", 1}, {"message", std::string(300, 'y')}}}};
  const Cause cause = read_cause({{"resultInformation", result}});
  CHECK(cause.message == std::string(1023, 'x'));
  CHECK(cause.sip->message.size() == 256);
}

TEST_CASE("sub-codes have words of ours") {
  CHECK(reason_of(cause_of(R"({"code":400,"subCode":8510})")) == "initial-silence");
  CHECK(reason_of(cause_of(R"({"code":200,"subCode":8531})")) == "max-digits");
  CHECK(reason_of(cause_of(R"({"code":404,"subCode":8522})")) == "call-not-found");
  CHECK(reason_of(cause_of(R"({"code":405,"subCode":8522})")) == "url-missing");
  CHECK(reason_of(cause_of(R"({"code":200,"subCode":0})")).empty());
  CHECK(reason_of(cause_of("{}")).empty());
}

TEST_CASE("how a call ended follows from what is said first") {
  struct Row {
    const char* result;
    Over what;
    State state;
    const char* reason;
  };
  const auto row = GENERATE(values<Row>({
      {R"({"code":200,"subCode":7000})", Over::disconnected, State::ended, "completed"},
      {R"({"code":0,"subCode":0})", Over::disconnected, State::ended, "completed"},
      {R"({})", Over::disconnected, State::ended, "completed"},
      {R"({"code":200,"subCode":0,"q850Details":{"code":17}})", Over::disconnected, State::ended, "completed"},
      {R"({"code":400,"subCode":8538})", Over::disconnected, State::declined, "declined"},
      {R"({"code":400,"subCode":8539})", Over::disconnected, State::busy, "busy"},
      {R"({"code":400,"subCode":8541})", Over::disconnected, State::failed, "unreachable"},
      {R"({"code":400,"subCode":8544})", Over::not_begun, State::failed, "unreachable"},
      {R"({"code":400,"subCode":8586})", Over::disconnected, State::missed, "no-answer"},
      {R"({"code":408,"subCode":8587})", Over::not_answered, State::missed, "no-answer"},
      {R"({"code":603,"subCode":0})", Over::disconnected, State::declined, "declined"},
      {R"({"code":607})", Over::not_begun, State::declined, "declined"},
      {R"({"code":486,"subCode":7000})", Over::disconnected, State::busy, "busy"},
      {R"({"code":600})", Over::not_begun, State::busy, "busy"},
      {R"({"code":480})", Over::disconnected, State::missed, "no-answer"},
      {R"({"code":408})", Over::not_begun, State::missed, "no-answer"},
      {R"({"code":487})", Over::disconnected, State::cancelled, "canceled"},
      {R"({"code":500,"subCode":9999,"sipDetails":{"code":486}})", Over::not_begun, State::busy, "busy"},
      {R"({"sipDetails":{"code":487}})", Over::disconnected, State::cancelled, "canceled"},
      {R"({"code":500,"q850Details":{"code":17}})", Over::not_begun, State::busy, "busy"},
      {R"({"code":500,"q850Details":{"code":19}})", Over::not_begun, State::missed, "no-answer"},
      {R"({"code":500,"q850Details":{"code":21}})", Over::not_begun, State::declined, "declined"},
      {R"({"code":404,"subCode":8522})", Over::not_answered, State::cancelled, "canceled"},
      {R"({"code":400,"subCode":8528})", Over::not_answered, State::cancelled, "canceled"},
      {R"({"code":400,"subCode":8528})", Over::not_begun, State::failed, "call-ended"},
      {R"({"code":409,"subCode":8607})", Over::disconnected, State::ended, "transfer-conflict"},
      {R"({"code":500,"subCode":1})", Over::disconnected, State::ended, "code-500"},
      {R"({"code":500,"subCode":7000})", Over::disconnected, State::ended, "code-500"},
      {R"({"sipDetails":{"code":503}})", Over::disconnected, State::ended, "code-503"},
      {R"({"code":405,"subCode":8522})", Over::not_begun, State::failed, "url-missing"},
      {R"({"code":500,"subCode":1})", Over::not_begun, State::failed, "failed"},
      {R"({"code":200,"subCode":7000})", Over::not_begun, State::failed, "failed"},
      {R"({})", Over::not_answered, State::failed, "failed"},
  }));
  CAPTURE(row.result);
  const Ending ending = ending_of(cause_of(row.result), row.what);
  CHECK(ending.state == row.state);
  CHECK(ending.reason == row.reason);
  const Ending talked = ended_after_talk(ending);
  CHECK(talked.state == State::ended);
  CHECK(talked.reason == row.reason);
}

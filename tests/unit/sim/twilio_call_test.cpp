#include "unit/net/test_server.hpp"

#include <trunkline/base/form.hpp>
#include <trunkline/providers/twilio/signature.hpp>
#include <trunkline/sim/twilio_call.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>

namespace trunkline::sim {
namespace {

using Lines = std::vector<std::string>;

/// A gateway that answers every webhook with one document and writes down what it is asked.
struct ScriptedGateway {
  test::TestServer server;
  std::shared_ptr<test::SpokenHandler> media = std::make_shared<test::SpokenHandler>();
  test::Events asked;  // `path what signed`

  explicit ScriptedGateway(const std::string& twiml, int status = 200) {
    server.service.respond = [this, twiml, status](net::Request& request) {
      note(request);
      net::Response response;
      response.status = status;
      response.body = twiml;
      return response;
    };
    server.service.accept = [this](net::Request& request) {
      const auto url = "wss://calls.example.com" + request.target;
      asked.push(std::string(request.path) + (is_signed(request, url, {}) ? " signed" : " forged"));
      return net::Upgrade{media, {}};
    };
    media->when_text = [this](net::WebSocket& socket, std::string_view message) {
      if (message.find(R"("stop")") != std::string_view::npos) socket.close(net::CloseCode::normal, "");
    };
    server.start();
  }

  Result<CallReport> call(TwilioCallPlan plan = {}) {
    plan.target = server.url("http", "");
    plan.auth_token = "secret";
    plan.account_sid = "AC" + std::string(32, '0');
    net::Worker worker(0);
    const auto ids = make_ids(system_clock());
    auto report = boost::asio::co_spawn(
        worker.context(), place_twilio_call(worker, std::move(plan), *ids, system_clock()), boost::asio::use_future);
    worker.start();
    REQUIRE(report.wait_for(std::chrono::seconds{20}) == std::future_status::ready);
    worker.stop();
    return report.get();
  }

  Lines all_asked() {
    Lines lines;
    while (!asked.empty()) lines.push_back(asked.next());
    return lines;
  }

 private:
  static bool is_signed(const net::Request& request, const std::string& url, const Params& params) {
    const std::vector<std::string> tokens = {"secret"};
    return providers::twilio::signature_matches(tokens, url, params, request.header("X-Twilio-Signature"));
  }
  void note(const net::Request& request) {
    const Params params = parse_form(request.body).value();
    const auto event = first_of(params, "StreamEvent");
    asked.push(std::string(request.path) + " " + std::string(event.empty() ? first_of(params, "CallStatus") : event) +
               (is_signed(request, server.url("http", request.target), params) ? " signed" : " forged"));
  }
};

std::string document(const std::string& verbs) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>" + verbs + "</Response>";
}

TEST_CASE("a call that the gateway rejects is reported busy") {
  ScriptedGateway gateway(document("<Reject reason=\"busy\"/>"));
  const auto report = gateway.call();
  REQUIRE(report.has_value());
  CHECK(report->rejected);
  CHECK(gateway.all_asked() == Lines{"/webhooks/twilio/voice ringing signed", "/webhooks/twilio/status busy signed"});
}

TEST_CASE("a gateway that does not take the call is an error with its status") {
  ScriptedGateway gateway("no", 503);
  const auto report = gateway.call();
  REQUIRE(report.has_error());
  CHECK(report.error().code == "refused");
  CHECK_THAT(report.error().message, Catch::Contains("503"));
  CHECK(gateway.all_asked().size() == 1);
}

TEST_CASE("an answer that is no TwiML is an error") {
  ScriptedGateway gateway("<Response><Unheard");
  CHECK(gateway.call().has_error());
}

TEST_CASE("under the fault `duplicate` each webhook comes twice, under `reorder` the end comes first") {
  ScriptedGateway gateway(document("<Hangup/>"));
  TwilioCallPlan plan;
  SECTION("duplicate") {
    plan.fault = Fault::duplicate;
    REQUIRE(gateway.call(plan).has_value());
    CHECK(gateway.all_asked() == Lines{"/webhooks/twilio/voice ringing signed", "/webhooks/twilio/voice ringing signed",
                                       "/webhooks/twilio/status completed signed",
                                       "/webhooks/twilio/status completed signed"});
  }
  SECTION("reorder") {
    plan.fault = Fault::reorder;
    REQUIRE(gateway.call(plan).has_value());
    CHECK(gateway.all_asked() ==
          Lines{"/webhooks/twilio/voice ringing signed", "/webhooks/twilio/status completed signed",
                "/webhooks/twilio/status in-progress signed", "/webhooks/twilio/status ringing signed"});
  }
}

TEST_CASE("a stream is opened where the answer says, signed, and ends with a stop") {
  ScriptedGateway gateway(
      document(R"(<Connect><Stream url="wss://calls.example.com/media/twilio/call_1" name="call_1"/></Connect>)"));
  TwilioCallPlan plan;
  plan.audio.assign(320, 1000);
  const auto report = gateway.call(plan);
  REQUIRE(report.has_value());
  CHECK(report->call_id == "call_1");
  CHECK(report->media_error.empty());
  CHECK(report->frames_sent > 50);  // its words, and a second in which nobody speaks

  CHECK(gateway.media->events.next() == "open");
  CHECK_THAT(gateway.media->events.next(), Catch::Contains(R"("event":"connected")"));
  CHECK_THAT(gateway.media->events.next(), Catch::Contains(R"("event":"start")"));
  CHECK_THAT(gateway.media->events.next(), Catch::Contains(R"("event":"media")"));
  const auto asked = gateway.all_asked();
  REQUIRE(asked.size() == 3);
  CHECK(asked[1] == "/media/twilio/call_1 signed");
  CHECK(asked[2] == "/webhooks/twilio/status completed signed");
}

}  // namespace
}  // namespace trunkline::sim

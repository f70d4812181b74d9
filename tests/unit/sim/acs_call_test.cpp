#include "unit/net/test_server.hpp"
#include "unit/sim/acs_fixture.hpp"

#include <trunkline/auth/signing_key.hpp>
#include <trunkline/providers/acs/incoming_call.hpp>
#include <trunkline/providers/acs/media_codec.hpp>
#include <trunkline/providers/acs/subscription.hpp>
#include <trunkline/sim/acs_call.hpp>

#include <boost/asio/detached.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>

namespace trunkline::sim {
namespace {

using nlohmann::json;
using Lines = std::vector<std::string>;
namespace acs = providers::acs;
namespace ask = providers::acs::requests;

/// A gateway that answers or rejects what rings, checks every token, and writes down what it is told.
struct Gateway {
  enum class Decision : std::uint8_t { answer, reject, nothing };

  test::ServiceFixture service;
  trunkline::test::TestServer server;
  std::shared_ptr<trunkline::test::SpokenHandler> media = std::make_shared<trunkline::test::SpokenHandler>();
  std::shared_ptr<trunkline::test::SpokenHandler> words = std::make_shared<trunkline::test::SpokenHandler>();
  Decision decision = Decision::answer;
  bool streams = true;
  bool transcribes = false;
  int callback_status = 200;
  AcsCallPlan plan;

  Gateway() {
    server.service.respond = [this](net::Request& request) { return respond(request); };
    server.service.accept = [this](net::Request& request) {
      const bool proven = carries_token(request);
      note(std::string(request.path) + (proven ? " proven" : " forged"));
      if (!proven) return net::Upgrade{nullptr, {401, {}, "", {}}};
      return net::Upgrade{request.path == "/media/acs/call_1" ? media : words, {}};
    };
    server.start();
    plan.target = server.url("http", "");
    plan.event_grid.secret = "delivery secret";
  }

  Result<CallReport> call() { return service.run(place_acs_call(service.service, plan, *service.ids, system_clock())); }

  Lines told() {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  Lines bodies() {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }

 private:
  net::Response respond(net::Request& request) {
    net::Response response;
    if (request.path == "/callbacks/call_1") return on_callback(request);
    if (request.method == "OPTIONS") {
      response.set("WebHook-Allowed-Origin", std::string(request.header("WebHook-Request-Origin")));
      note("OPTIONS");
      return response;
    }
    if (request.header("X-Event-Grid-Secret") != "delivery secret") {
      response.status = 401;
      return response;
    }
    const auto events = acs::read_envelopes(request.body).value();
    const acs::Envelope& event = events.front().value();
    note(event.type.substr(event.type.rfind('.') + 1));
    if (event.type == acs::validation_type) {
      response.body = json{{"validationResponse", acs::read_validation(event).value().code}}.dump();
      return response;
    }
    const auto call = acs::read_incoming_call(event).value();
    boost::asio::co_spawn(request.worker->context(), decide(call.context), boost::asio::detached);
    return response;
  }

  net::Response on_callback(const net::Request& request) {
    net::Response response;
    const acs::Envelope event = acs::read_envelopes(request.body).value().front().value();
    const std::string name = event.type.substr(event.type.rfind('.') + 1);
    response.status = carries_token(request) && request.query == "secret=s" ? callback_status : 401;
    note(name + (response.status == 401 ? " refused" : ""));
    const std::lock_guard lock(mutex_);
    bodies_.push_back(request.body);
    return response;
  }

  boost::asio::awaitable<void> decide(std::string context) {
    // Named: g++ 12 frees the default argument of a call within co_await twice.
    const acs::Manner manner;
    if (decision == Decision::nothing || decided_.exchange(true)) co_return;
    if (decision == Decision::reject) {
      const ask::Reject reject{std::move(context), ask::Reject::Reason::busy};
      co_await service.client->reject(reject, manner);
      co_return;
    }
    ask::Answer answer;
    answer.incoming_call_context = std::move(context);
    answer.setup.callback_uri = "https://calls.example.com/callbacks/call_1?secret=s";
    if (streams) {
      answer.setup.media_streaming.emplace();
      answer.setup.media_streaming->url = "wss://calls.example.com/media/acs/call_1?token=t";
    }
    if (transcribes) {
      answer.setup.cognitive_services_endpoint = "https://ai.example.com";
      answer.setup.transcription.emplace();
      answer.setup.transcription->url = "wss://calls.example.com/words/call_1?token=t";
      answer.setup.transcription->locale = "en-US";
    }
    const auto answered = co_await service.client->answer(answer, manner);
    note(answered ? "answered" : answered.error().code);
  }

  bool carries_token(const net::Request& request) const {
    std::string_view header = request.header("Authorization");
    if (!header.starts_with("Bearer ")) return false;
    header.remove_prefix(7);
    const auth::ClaimRules rules{"https://acscallautomation.communication.azure.com", test::resource_id};
    return auth::verify_token(header, keys_, rules, system_clock().wall()).has_value();
  }

  void note(std::string line) {
    const std::lock_guard lock(mutex_);
    told_.push_back(std::move(line));
  }

  const auth::SigningKey key_ = auth::SigningKey::derive(test::access_key);
  const auth::KeySet keys_ = auth::KeySet::from_jwks(auth::jwks_of({&key_, 1})).value();
  std::mutex mutex_;
  Lines told_;
  Lines bodies_;
  std::atomic<bool> decided_{false};
};

std::size_t count(const Lines& lines, const std::string& line) {
  return static_cast<std::size_t>(std::ranges::count(lines, line));
}
std::ptrdiff_t place(const Lines& lines, const std::string& line) {
  return std::ranges::find(lines, line) - lines.begin();
}

TEST_CASE("a call rings, is answered, talked in and hung up") {
  Gateway gateway;
  gateway.plan.audio.assign(800, 1'000);  // 100 ms at 8 kHz
  gateway.media->when_open = [](net::WebSocket& socket) {
    std::string audio;
    acs::append_audio(audio, std::vector<std::uint8_t>(6'400, 0x10));
    socket.send_text(audio);
  };
  const auto report = gateway.call();
  REQUIRE(report.has_value());
  CHECK(report->call_id == "call_1");
  CHECK(report->provider_call_id.size() == 36);
  CHECK_THAT(report->answer, Catch::Contains("transportUrl"));
  CHECK(report->media_error.empty());
  CHECK(report->webhook_error.empty());
  CHECK(report->frames_sent > 50);  // its words, and a second in which nobody speaks
  CHECK(report->heard.size() == 3'200);
  CHECK(report->heard_rate == 16'000);

  CHECK(gateway.media->events.next() == "open");
  CHECK_THAT(gateway.media->events.next(), Catch::Contains("AudioMetadata"));
  CHECK_THAT(gateway.media->events.next(), Catch::Contains("AudioData"));
  const auto told = gateway.told();
  CHECK(told.front() == "IncomingCall");
  CHECK(count(told, "/media/acs/call_1 proven") == 1);
  for (const char* name : {"CallConnected", "ParticipantsUpdated", "MediaStreamingStarted", "MediaStreamingStopped"}) {
    CHECK(count(told, name) == 1);
    CHECK(place(told, name) < place(told, "CallDisconnected"));
  }
  CHECK(told.back() == "CallDisconnected");
}

TEST_CASE("a subscription is validated in both ways when asked for") {
  Gateway gateway;
  gateway.plan.media = false;
  gateway.plan.event_grid.handshake = true;
  gateway.plan.event_grid.cloud_events = GENERATE(false, true);
  REQUIRE(gateway.call().has_value());
  const auto told = gateway.told();
  CHECK(told[0] == "SubscriptionValidationEvent");
  CHECK(told[1] == "OPTIONS");
  CHECK(told[2] == "IncomingCall");
  CHECK(told.back() == "CallDisconnected");
}

TEST_CASE("a call that the gateway rejects is over, without a callback") {
  Gateway gateway;
  gateway.decision = Gateway::Decision::reject;
  const auto report = gateway.call();
  REQUIRE(report.has_value());
  CHECK(report->rejected);
  CHECK(gateway.told() == Lines{"IncomingCall"});
}

TEST_CASE("a gateway that does not answer, or does not take the event, is an error") {
  Gateway gateway;
  gateway.decision = Gateway::Decision::nothing;
  gateway.plan.ring_limit = milliseconds{200};
  CHECK(gateway.call().error().code == "not_answered");
  gateway.plan.event_grid.secret = "another";
  CHECK(gateway.call().error().code == "refused");
  gateway.plan.event_grid.handshake = true;
  CHECK(gateway.call().error().code == "handshake_failed");
}

TEST_CASE("a call that the gateway hangs up ends with CallDisconnected") {
  Gateway gateway;
  gateway.plan.audio.assign(8'000 * 30, 1'000);
  bool hung_up = false;
  gateway.media->when_text = [&](net::WebSocket& socket, std::string_view) {
    if (gateway.bodies().empty() || std::exchange(hung_up, true)) return;
    const std::string id = json::parse(gateway.bodies().front()).at(0).at("data").at("callConnectionId");
    boost::asio::co_spawn(
        socket.context(),
        [](Gateway& it, std::string call) -> boost::asio::awaitable<void> {
          const ask::Terminate terminate{std::move(call)};
          const acs::Manner manner;
          co_await it.service.client->terminate(terminate, manner);
        }(gateway, id),
        boost::asio::detached);
  };
  const auto report = gateway.call();
  REQUIRE(report.has_value());
  CHECK(report->media_error.empty());
  CHECK(report->frames_sent < 500);
  CHECK(gateway.told().back() == "CallDisconnected");
}

TEST_CASE("the faults of callbacks") {
  Gateway gateway;
  gateway.plan.media = false;
  SECTION("duplicate: each comes twice") {
    gateway.plan.fault = Fault::duplicate;
    REQUIRE(gateway.call().has_value());
    const auto told = gateway.told();
    for (const char* name : {"IncomingCall", "CallConnected", "ParticipantsUpdated", "CallDisconnected"}) {
      CHECK(count(told, name) == 2);
    }
    const auto bodies = gateway.bodies();
    CHECK(bodies[0] == bodies[1]);
  }
  SECTION("reorder: the end comes first") {
    gateway.plan.fault = Fault::reorder;
    REQUIRE(gateway.call().has_value());
    const auto told = gateway.told();
    CHECK(Lines(told.end() - 3, told.end()) == Lines{"CallDisconnected", "ParticipantsUpdated", "CallConnected"});
  }
  SECTION("drop: the last one comes for certain") {
    gateway.plan.fault = Fault::drop;
    gateway.plan.seed = 1;
    REQUIRE(gateway.call().has_value());
    CHECK(gateway.told().back() == "CallDisconnected");
  }
  SECTION("expired-token: each is refused first") {
    gateway.plan.fault = Fault::expired_token;
    const auto report = gateway.call();
    REQUIRE(report.has_value());
    CHECK(report->webhook_error.empty());
    const auto told = gateway.told();
    CHECK(count(told, "CallConnected refused") == 1);
    CHECK(count(told, "CallConnected") == 1);
    CHECK(count(told, "CallDisconnected refused") == 1);
    CHECK(told.back() == "CallDisconnected");
  }
  SECTION("throttled: the answer comes again") {
    gateway.plan.fault = Fault::throttled;
    REQUIRE(gateway.call().has_value());
    CHECK(count(gateway.told(), "answered") == 1);
  }
  SECTION("none, and a gateway that refuses them") {
    gateway.callback_status = 404;
    CHECK_THAT(gateway.call()->webhook_error, Catch::Contains("404"));
  }
}

TEST_CASE("the faults of the media socket") {
  Gateway gateway;
  gateway.plan.audio.assign(1'600, 1'000);
  SECTION("half-close: it comes back, and the call goes on") {
    gateway.plan.fault = Fault::half_close;
    const auto report = gateway.call();
    REQUIRE(report.has_value());
    CHECK(report->media_error.empty());
    const auto told = gateway.told();
    CHECK(count(told, "/media/acs/call_1 proven") == 2);
    CHECK(count(told, "MediaStreamingStarted") == 2);
    const auto bodies = gateway.bodies();
    CHECK(std::ranges::any_of(
        bodies, [](const auto& body) { return body.find("streamConnectionReestablished") != std::string::npos; }));
    CHECK(told.back() == "CallDisconnected");
  }
  SECTION("no-stop: it stays open, and the end comes all the same") {
    gateway.plan.fault = Fault::no_stop;
    REQUIRE(gateway.call().has_value());
    const auto told = gateway.told();
    CHECK(count(told, "MediaStreamingStopped") == 0);
    CHECK(told.back() == "CallDisconnected");
  }
}

TEST_CASE("transcription goes to a socket of its own when the answer asks for it") {
  Gateway gateway;
  gateway.plan.audio.assign(1'600, 1'000);
  gateway.transcribes = true;
  gateway.words->told = 1'000;
  acs::TranscribedSegment segment;
  segment.text = "Check my balance";
  segment.duration_ticks = 10'000'000;
  gateway.plan.segments.push_back({milliseconds{100}, segment});
  const auto report = gateway.call();
  REQUIRE(report.has_value());
  CHECK(report->media_error.empty());
  CHECK(gateway.words->events.next() == "open");
  CHECK_THAT(gateway.words->events.next(), Catch::Contains(R"("locale":"en-US")"));
  CHECK_THAT(gateway.words->events.next(), Catch::Contains("Check my balance"));
  const auto told = gateway.told();
  CHECK(count(told, "TranscriptionStarted") == 1);
  CHECK(count(told, "TranscriptionStopped") == 1);
}

TEST_CASE("a media socket that is not let in is a failure that is told") {
  Gateway gateway;
  gateway.plan.audio.assign(1'600, 1'000);
  gateway.server.service.accept = [](net::Request&) { return net::Upgrade{nullptr, {403, {}, "", {}}}; };
  const auto report = gateway.call();
  REQUIRE(report.has_value());
  CHECK_THAT(report->media_error, Catch::Contains("did not open"));
  CHECK(count(gateway.told(), "MediaStreamingFailed") == 1);
  CHECK(gateway.told().back() == "CallDisconnected");
}

}  // namespace
}  // namespace trunkline::sim

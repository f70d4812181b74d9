#pragma once

#include "unit/calls/service_fixture.hpp"
#include "unit/providers/acs/fake_service.hpp"
#include "unit/providers/media_leg_fixture.hpp"

#include <trunkline/auth/signing_key.hpp>
#include <trunkline/base/base64.hpp>
#include <trunkline/base/form.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/adapter.hpp>
#include <trunkline/store/memory_live.hpp>

#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace trunkline::providers::acs::test {

using nlohmann::json;
using trunkline::test::answer_of;
using trunkline::test::Received;

class Callers final : public CallerLimit {
 public:
  asio::awaitable<bool> admits(std::string /*number*/) override { co_return admitted; }
  bool admitted = true;
};

inline const std::string resource = "11111111-2222-3333-4444-555555555555";
inline const std::string caller = "+14255550123";
inline const std::string callee = "+18005550100";

/// A gateway of one provider, whose resource answers as a test says.
struct AdapterFixture {
  using Answers = std::function<std::string(const Received&)>;

  AdapterFixture() {
    settings.connection_string = "endpoint=" + service.url() + "/;accesskey=" + base64::encode(std::string(32, 'k'));
    settings.resource_id = resource;
    settings.callback_jwks_url = service.url() + "/calling/keys";
    settings.event_grid_secrets = {"word"};
    settings.own_numbers = {"+18005550199"};
    server.public_url = "https://gw.example";
  }
  ~AdapterFixture() {
    calls.service->stop();
    calls.database->stop();
  }

  Adapter& adapter() {
    if (!made_) made_ = make_adapter(settings, services(), *calls.ids, pass_time()).value();
    return *made_;
  }
  Services services() {
    return {server,   limits, {*calls.service, sinks, synthesizer, streams, metrics, calls.clock},
            commands, health, callers};
  }

  /// Waits that are over at once, as far as the clock can tell.
  Wait pass_time() {
    return [this](milliseconds time) -> asio::awaitable<void> {
      waits.push_back(time);
      calls.clock.advance(time);
      co_return;
    };
  }

  struct Outcome {
    int status = 0;
    std::string code;
    net::Response response;
    std::string call_id;
    bool unproven = false;
    bool repeated = false;
    std::size_t retries = 0;
    std::size_t given_up = 0;
  };
  Outcome send(const std::string& body, net::Headers headers, const std::string& method = "POST",
               const std::string& query = "", const std::string& path = "/webhooks/azure/events") {
    net::Request request;
    request.method = method;
    request.headers = std::move(headers);
    request.body = body;
    const Params asked = parse_form(query).value();
    for (const WebhookRoute& route : adapter().webhooks()) {
      if (route.method == method && route.pattern == path) return take(route, request, asked);
    }
    throw std::runtime_error("no such route");
  }
  static Outcome take(const WebhookRoute& route, net::Request& request, const Params& query) {
    Delivery delivery{request, {}, query, {}, false, false, {}, {}, 0, 0};
    auto answer = calls::test::run(route.take(delivery));
    Outcome out;
    out.status = answer ? answer->status : 0;
    if (!answer) out.code = answer.error().code;
    if (answer) out.response = *answer;
    out.call_id = delivery.call_id;
    out.unproven = delivery.unproven;
    out.repeated = delivery.repeated;
    out.retries = delivery.retries;
    out.given_up = delivery.given_up;
    return out;
  }
  Outcome try_out(const json& event) {
    net::Request request;
    request.method = "POST";
    request.body = event.dump();
    return take(adapter().trial().value(), request, {});
  }
  Outcome event_grid(const json& events) { return send(events.dump(), {{"X-Event-Grid-Secret", "word"}}); }
  Outcome call_back(const json& events, const std::string& call_id = "") {
    return send(events.dump(), {{"Authorization", "Bearer " + token()}}, "POST",
                call_id.empty() ? "" : "callId=" + call_id);
  }
  std::string token() const {
    auth::Claims claims;
    claims.issuer = settings.callback_issuer;
    claims.audience = {resource};
    claims.expires = to_millis(calls.clock.wall()) / 1000 + 300;
    return key().sign(claims);
  }

  static json incoming(const std::string& context = "ctx-1", const std::string& correlation = "corr-1") {
    const auto phone = [](const std::string& number) {
      return json{{"kind", "phoneNumber"}, {"rawId", "4:" + number}, {"phoneNumber", {{"value", number}}}};
    };
    return {{"id", "event-" + context},
            {"topic", "/subscriptions/1"},
            {"subject", "/caller/x"},
            {"eventType", "Microsoft.Communication.IncomingCall"},
            {"eventTime", "2026-09-21T14:13:20Z"},
            {"dataVersion", "1.0"},
            {"data",
             {{"to", phone(callee)},
              {"from", phone(caller)},
              {"serverCallId", "server-" + correlation},
              {"callerDisplayName", "Ada"},
              {"incomingCallContext", context},
              {"correlationId", correlation}}}};
  }
  static json callback(const std::string& name, const std::string& id, json data = json::object()) {
    data["callConnectionId"] = "conn-1";
    data["serverCallId"] = "server-corr-1";
    data["correlationId"] = "corr-1";
    return {{"id", id},
            {"source", "calling/callConnections/conn-1"},
            {"type", "Microsoft.Communication." + name},
            {"specversion", "1.0"},
            {"time", "2026-09-21T14:13:21Z"},
            {"data", std::move(data)}};
  }

  /// What the resource was asked, its keys aside.
  std::vector<Received> asked(std::string_view part = "") const {
    std::vector<Received> found;
    for (const Received& one : service.received()) {
      if (one.target.starts_with("/calling/keys")) continue;
      if (one.target.find(part) != std::string::npos) found.push_back(one);
    }
    return found;
  }
  calls::Call call(const std::string& id) { return calls::test::run(calls.service->find(id)).value(); }
  void answer_with(Answers answers) {
    const std::lock_guard lock(mutex_);
    answers_ = std::move(answers);
  }

  static const auth::SigningKey& key() {
    static const auth::SigningKey made = auth::SigningKey::generate();
    return made;
  }

  calls::test::Fixture calls{store::test::Drivers::sqlite};
  config::Acs settings;
  config::Server server;
  config::Calls limits;
  providers::test::GivenSinks sinks;
  providers::test::MuteSynthesizer synthesizer;
  net::Worker worker{0};
  media::ActiveStreams streams{10};
  observe::Metrics metrics{"test"};
  observe::Health health{{}, 1, calls.clock};
  std::unique_ptr<store::LiveStore> live = store::make_memory_live(worker.context(), calls.clock);
  media::StreamCommands commands{streams, *live, worker.context(), *calls.ids, "node_1"};
  Callers callers;
  std::vector<milliseconds> waits;
  trunkline::test::FakeService service{[this](const Received& request, std::size_t /*number*/) {
    if (request.target.starts_with("/calling/keys")) return answer_of(200, auth::jwks_of({&key(), 1}));
    const std::lock_guard lock(mutex_);
    return answers_(request);
  }};

 private:
  std::mutex mutex_;
  Answers answers_ = [](const Received& request) {
    if (request.target.find(":answer") == std::string::npos) return answer_of(204);
    return answer_of(200, R"({"callConnectionId":"conn-1","serverCallId":"server-corr-1",)"
                          R"("callConnectionState":"connecting","correlationId":"corr-1"})");
  };
  std::unique_ptr<Adapter> made_;
};

}  // namespace trunkline::providers::acs::test

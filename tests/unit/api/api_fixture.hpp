#pragma once

#include "unit/providers/media_leg_fixture.hpp"

#include <trunkline/api/api.hpp>
#include <trunkline/auth/jwt.hpp>
#include <trunkline/providers/acs/adapter.hpp>
#include <trunkline/providers/twilio/adapter.hpp>
#include <trunkline/store/memory_live.hpp>

#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace trunkline::api::test {

/// Hangs up as a test says.
class GivenProvider final : public calls::Provider {
 public:
  std::string_view name() const override { return "twilio"; }
  bool configured() const override { return true; }
  asio::awaitable<Result<>> hang_up(const calls::Call& /*call*/) override { co_return result; }
  asio::awaitable<Result<std::optional<calls::ProviderWord>>> fetch(const calls::Call& /*call*/) override {
    co_return std::optional<calls::ProviderWord>();
  }

  Result<> result;
};

/// A stream without a socket.
class FakeStream final : public media::LiveStream {
 public:
  explicit FakeStream(bool carries_call) : carries_call_(carries_call) {}

  const std::string& id() const override { return id_; }
  const media::Format& format() const override { return format_; }
  bool carries_call() const override { return carries_call_; }
  void add_sink(std::shared_ptr<media::Sink> /*sink*/) override {}
  void remove_sink(const media::Sink& /*sink*/) override {}
  void end(media::EndCause /*cause*/) override { ++ends; }

  std::atomic<int> ends = 0;

 private:
  const std::string id_ = "MZ0f1e2d3c4b5a69780f1e2d3c4b5a6978";
  const media::Format format_;
  const bool carries_call_;
};

/// Counts whether it is asked for.
class GivenBody final : public net::IncomingBody {
 public:
  asio::awaitable<std::optional<net::Response>> receive() override {
    ++received;
    co_return refusal;
  }

  int received = 0;
  std::optional<net::Response> refusal;
};

/// All routes, over a call service of its own. Requests are served on the test's thread, streams live on another.
struct ApiFixture {
  static constexpr std::string_view secret = "a secret that is used by tests alone";

  explicit ApiFixture(config::Security security = {}, const std::string& environment = "production") {
    settings.environment = environment;
    settings.security = std::move(security);
    settings.security.jwt_secret = secret;
    auto keys = auth::make_authenticator(settings.security, calls.folder.path(), *calls.ids, calls.clock);
    REQUIRE(keys.has_value());
    calls.service->observe(shown_calls);
    all_providers.add(provider);
    authenticator = std::make_unique<auth::Authenticator>(std::move(*keys));
    api = make_api({settings,
                    *calls.service,
                    shown_calls,
                    all_providers,
                    library,
                    *calls.database,
                    streams,
                    commands,
                    hub,
                    *authenticator,
                    metrics,
                    health,
                    calls.clock,
                    idempotent,
                    limits,
                    webhook_figures,
                    webhooks,
                    {twilio.get(), acs.get()}});
  }

  std::string token(const std::string& role = "admin") const {
    return auth::issue_token(secret, {.subject = "test", .roles = {role}}, calls.clock);
  }
  std::string bearer() const { return "Bearer " + token(); }

  /// From this host, without a token.
  static net::Request request(std::string method, std::string path, net::Headers headers = {}) {
    net::Request made;
    made.method = std::move(method);
    made.path = std::move(path);
    made.target = made.path;
    made.headers = std::move(headers);
    made.remote_address = "127.0.0.1";
    made.client_address = made.remote_address;
    made.id = "req_1";
    return made;
  }
  net::Response serve(net::Request request) { return calls::test::run(api->serve(request, body)); }
  net::Upgrade upgrade(net::Request request) { return calls::test::run(api->upgrade(request)); }
  /// As admin.
  net::Response get(std::string path, net::Headers headers = {}) {
    headers.push_back({"Authorization", bearer()});
    return serve(request("GET", std::move(path), std::move(headers)));
  }

  calls::test::Fixture calls;
  config::Settings settings;
  GivenProvider provider;
  calls::Providers all_providers;
  recording::Library library{*calls.database, calls.folder.path() / "recordings"};
  media::ActiveStreams streams{10};
  providers::test::GivenSinks sinks;
  providers::test::MuteSynthesizer synthesizer;
  observe::Metrics metrics{"test"};
  observe::Health health{{}, 1, calls.clock};
  net::Workers workers{1};
  std::unique_ptr<store::LiveStore> live = store::make_memory_live(workers.at(0).context(), calls.clock);
  calls::ShownCalls shown_calls{{*calls.service, *live, metrics, calls.clock, {}, false}};
  media::StreamCommands commands{streams, *live, workers.at(0).context(), *calls.ids, "node_1"};
  events::EventHub hub{*calls.service, *live, workers.at(0)};
  IdempotentRequests idempotent{*calls.database, calls.clock, *calls.ids, std::chrono::hours(24)};
  observe::WebhookFigures webhook_figures{calls.clock};
  RateLimits limits{*live, settings.limits, metrics, calls.clock};
  net::AddressPolicy webhook_policy;
  events::webhooks::Registry webhooks{*calls.database, webhook_policy, calls.clock, *calls.ids};
  std::unique_ptr<auth::Authenticator> authenticator;
  const providers::Services for_providers{
      settings.server, settings.calls, {*calls.service, sinks, synthesizer, streams, metrics, calls.clock},
      commands,        health,         limits};
  std::unique_ptr<providers::Adapter> twilio = providers::twilio::make_adapter(settings.twilio, for_providers);
  std::unique_ptr<providers::Adapter> acs =
      providers::acs::make_adapter(settings.acs, for_providers, *calls.ids).value();
  std::unique_ptr<Api> api;
  GivenBody body;
  boost::asio::thread_pool stream_thread{1};
};

inline std::string_view header(const net::Response& response, std::string_view name) {
  return net::find_header(response.headers, name);
}

}  // namespace trunkline::api::test

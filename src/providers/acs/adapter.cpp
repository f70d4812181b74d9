#include "providers/acs/attempt_figures.hpp"
#include "providers/acs/commands.hpp"
#include "providers/acs/intake.hpp"
#include "providers/acs/recording_files.hpp"
#include "providers/acs/trial.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/observe/log.hpp>
#include <trunkline/providers/acs/adapter.hpp>
#include <trunkline/providers/acs/connection_string.hpp>
#include <trunkline/providers/acs/credential.hpp>
#include <trunkline/providers/acs/envelope.hpp>
#include <trunkline/providers/acs/proof.hpp>
#include <trunkline/providers/acs/published_keys.hpp>
#include <trunkline/providers/acs/sessions.hpp>
#include <trunkline/providers/acs/subscription.hpp>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace trunkline::providers::acs {
namespace {

using Answer = Result<net::Response>;

constexpr std::string_view event_grid_origin = "eventgrid.azure.net";

/// The resource that is asked, and as whom.
struct Access {
  Endpoint endpoint;
  std::shared_ptr<Credential> credential;
};

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): at start, and nobody sets it
  return value == nullptr ? "" : value;
}

Result<Access> access_to(const config::Acs& settings, const Clock& clock) {
  if (!settings.connection_string.empty()) {
    auto connection = parse_connection_string(settings.connection_string);
    if (!connection) return connection.error();
    return Access{std::move(connection->endpoint), access_key_credential(std::move(connection->access_key), clock)};
  }
  if (settings.endpoint.empty()) return Access{};
  auto endpoint = parse_endpoint(settings.endpoint);
  if (!endpoint) return endpoint.error();
  ManagedIdentity identity;  // of App Service and Container Apps, which say so to the process
  identity.identity_endpoint = from_environment("IDENTITY_ENDPOINT");
  identity.identity_header = from_environment("IDENTITY_HEADER");
  identity.client_id = settings.client_id;
  return Access{std::move(*endpoint), managed_identity_credential(std::move(identity), clock)};
}

/// The process's own things that the adapter uses beside the services.
struct Surroundings {
  Ids& ids;
  Wait wait;
};

CallAutomation::Parts client_parts(Access access, const config::Acs& settings, const Clock& clock,
                                   const Surroundings& around, std::function<void(const Attempt&)> on_attempt) {
  CallAutomation::Settings options;
  options.api_version = settings.api_version;
  options.max_recording_bytes = std::uint64_t{settings.max_recording_mb} * 1'024 * 1'024;
  options.recording_hosts = {settings.recording_hosts, is_plain_loopback(access.endpoint.url)};
  // A service that is played keeps its recordings itself.
  if (options.recording_hosts.plain_loopback) options.recording_hosts.also.push_back(access.endpoint.host);
  return {std::move(access.endpoint), std::move(access.credential), clock,      around.ids,
          std::move(options),         std::move(on_attempt),        around.wait};
}

std::string event_grid_keys_of(const config::Acs& settings) {
  if (!settings.event_grid_jwks_url.empty()) return settings.event_grid_jwks_url;
  return "https://login.microsoftonline.com/" + settings.event_grid_tenant + "/discovery/v2.0/keys";
}

net::Response empty_answer() {
  return {};
}

net::Response json_answer(std::string body) {
  net::Response response;
  response.set("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

class AcsAdapter final : public Adapter {
 public:
  AcsAdapter(const config::Acs& settings, const Services& services, Access access, const Surroundings& around)
      : settings_(settings),
        services_(services),
        ids_(around.ids),
        proofs_(settings, {published_keys(settings.callback_jwks_url), published_keys(event_grid_keys_of(settings))},
                services.media.clock),
        reception_(services),
        client_(client_parts(std::move(access), settings, services.media.clock, around,
                             [this](const Attempt& attempt) { note(attempt); })),
        commands_(client_, settings.used()),
        recordings_(client_),
        intake_({settings_, services_, reception_, client_, commands_, around.ids, around.wait}) {}

  calls::Provider& provider() override { return commands_; }
  recording::FileSource* recordings() override { return &recordings_; }

  std::vector<WebhookRoute> webhooks() override {
    return {webhook("POST", "/webhooks/azure/events", "azure-events", &AcsAdapter::events, true),
            webhook("OPTIONS", "/webhooks/azure/events", "azure-handshake", &AcsAdapter::consent, false),
            webhook("POST", "/webhooks/eventgrid/validate", "azure-validation", &AcsAdapter::events, true),
            webhook("OPTIONS", "/webhooks/eventgrid/validate", "azure-handshake", &AcsAdapter::consent, false)};
  }

  std::vector<SocketRoute> sockets() override {
    const auto media = [this](providers::Delivery& delivery) { return open_media(delivery); };
    const auto transcription = [this](providers::Delivery& delivery) { return open_transcription(delivery); };
    return {{"/media/acs/{callId}", media},
            {"/webhooks/media-streaming/{callId}", media},
            {"/webhooks/transcription/{callId}", transcription}};
  }

  std::optional<WebhookRoute> trial() override {
    return webhook("POST", "/webhooks/test", "test", &AcsAdapter::try_out, false);
  }

 private:
  using Socket = Result<std::shared_ptr<net::WebSocketHandler>>;
  using Take = asio::awaitable<Answer> (AcsAdapter::*)(providers::Delivery&);

  void note(const Attempt& attempt) { count(services_.media.metrics, attempt, client_.resting()); }

  WebhookRoute webhook(std::string method, std::string pattern, std::string type, Take take, bool dated) {
    return {std::move(method), std::move(pattern), std::move(type),
            [this, take](providers::Delivery& delivery) { return (this->*take)(delivery); }, dated};
  }

  // CloudEvents 1.0 webhooks, section 4: whoever wants to send asks first. Nothing is given away by saying yes.
  asio::awaitable<Answer> consent(providers::Delivery& delivery) {
    if (!text::iequals(delivery.request.header("WebHook-Request-Origin"), event_grid_origin)) {
      delivery.faults.push_back({"WebHook-Request-Origin", "must be " + std::string(event_grid_origin)});
      co_return make_error("invalid_parameter", "only Event Grid may send events here");
    }
    net::Response response = empty_answer();
    response.set("WebHook-Allowed-Origin", std::string(event_grid_origin));
    response.set("WebHook-Allowed-Rate", "*");
    response.set("Allow", "POST, OPTIONS");
    co_return response;
  }

  asio::awaitable<Answer> events(providers::Delivery& delivery) {
    const auto proof = co_await proofs_.check(delivery.request.headers, delivery.request.body);
    if (!proof) co_return unproven(delivery, proof.error());
    const auto envelopes = read_envelopes(delivery.request.body);
    if (!envelopes) co_return envelopes.error();
    if (const auto validation = validation_in(*envelopes)) co_return validate(delivery, *validation);
    const std::string own_id(first_of(delivery.query, "callId"));
    co_return co_await take_all(delivery, *envelopes, own_id);
  }

  // As an event whose proof was found good. Who may send it, the route says that this is for.
  asio::awaitable<Answer> try_out(providers::Delivery& delivery) {
    auto trial = read_trial(delivery.request.body, services_.media.clock.wall(), ids_);
    if (!trial) co_return trial.error();
    nlohmann::json said = {{"eventId", trial->envelope.id}, {"eventType", trial->envelope.type}};
    std::vector<Result<Envelope>> events;
    events.emplace_back(std::move(trial->envelope));
    const auto taken = co_await take_all(delivery, events, trial->call_id);
    if (!taken) co_return taken.error();
    said["callId"] = delivery.call_id.empty() ? nlohmann::json() : nlohmann::json(delivery.call_id);
    said["repeated"] = delivery.repeated;
    co_return json_answer(said.dump());
  }

  static Error unproven(providers::Delivery& delivery, const Error& error) {
    delivery.unproven = error.code != "keys_unavailable";
    return error;
  }

  static std::optional<SubscriptionValidation> validation_in(const std::vector<Result<Envelope>>& envelopes) {
    if (envelopes.size() != 1 || !envelopes[0] || envelopes[0]->type != validation_type) return std::nullopt;
    auto validation = read_validation(*envelopes[0]);
    return validation ? std::optional(std::move(*validation)) : std::nullopt;
  }

  Answer validate(providers::Delivery& delivery, const SubscriptionValidation& validation) const {
    const std::string_view name = delivery.request.header("aeg-subscription-name");
    const auto& expected = settings_.event_grid_subscriptions;
    const auto is_it = [&](const std::string& one) { return text::iequals(one, name); };
    if (!expected.empty() && std::ranges::none_of(expected, is_it)) {
      delivery.faults.push_back({"aeg-subscription-name", "is none of AZURE_EVENT_GRID_SUBSCRIPTIONS"});
      return make_error("invalid_parameter", "a subscription that is not expected wants to be validated");
    }
    log::info("event subscription validated", {{"subscription", name}});
    return json_answer(validation_answer(validation.code));
  }

  // All or none are acknowledged: they come again when there is one among them that may fare better then.
  asio::awaitable<Answer> take_all(providers::Delivery& delivery, const std::vector<Result<Envelope>>& envelopes,
                                   const std::string& own_id) {
    const BatchOutcome outcome = co_await intake_.take_all(envelopes, own_id);
    delivery.call_id = outcome.call_id;
    delivery.repeated = outcome.repeated == envelopes.size();
    delivery.sent_at = outcome.newest;
    delivery.retries = outcome.retries;
    delivery.given_up = outcome.given_up;
    for (const auto& [index, error] : outcome.malformed) {
      delivery.faults.push_back({"event " + std::to_string(index), error.message});
    }
    if (outcome.failed) co_return *outcome.failed;
    if (!delivery.faults.empty() && delivery.faults.size() == envelopes.size()) {
      co_return make_error("invalid_parameter", "none of the events could be read");
    }
    delivery.faults.clear();
    co_return empty_answer();
  }

  /// The call that a socket is for, when whoever opens it may: by its secret, and by Azure's token for our resource.
  asio::awaitable<Result<calls::Call>> admit(providers::Delivery& delivery) {
    if (settings_.media_require_jwt) {
      const auto proven = co_await proofs_.check_socket(delivery.request.headers);
      if (!proven) co_return unproven(delivery, proven.error());
    }
    const std::string call_id(first_of(delivery.path, "callId"));
    auto call = co_await reception_.call_of_stream(call_id);
    if (!call) co_return call.error();
    const auto known = co_await services_.media.calls.knows_token(call_id, std::string(token_of(delivery)));
    if (!known) co_return known.error();
    if (*known) co_return std::move(*call);
    co_return unproven(delivery, make_error("bad_token", "the media token is wrong or expired"));
  }

  static std::string_view token_of(const providers::Delivery& delivery) { return first_of(delivery.query, "token"); }

  asio::awaitable<Socket> open_media(providers::Delivery& delivery) {
    const auto call = co_await admit(delivery);
    if (!call) co_return call.error();
    MediaSessionOptions options{std::string(token_of(delivery)), settings_.unmixed(),
                                services_.limits.media_idle_timeout};
    co_return make_media_session(services_.media, *delivery.request.worker, *call, std::move(options));
  }

  asio::awaitable<Socket> open_transcription(providers::Delivery& delivery) {
    const auto call = co_await admit(delivery);
    if (!call) co_return call.error();
    co_return make_transcription_session(services_.media, call->id);
  }

  const config::Acs& settings_;
  const Services services_;
  Ids& ids_;
  const Proofs proofs_;
  const Reception reception_;
  CallAutomation client_;
  Commands commands_;
  RecordingFilesSource recordings_;
  Intake intake_;
};

}  // namespace

Result<std::unique_ptr<Adapter>> make_adapter(const config::Acs& settings, const Services& services, Ids& ids,
                                              Wait wait) {
  auto access = access_to(settings, services.media.clock);
  if (!access) return make_error("invalid_setting", access.error().message);
  const Surroundings around{ids, std::move(wait)};
  return std::unique_ptr<Adapter>(std::make_unique<AcsAdapter>(settings, services, std::move(*access), around));
}

}  // namespace trunkline::providers::acs

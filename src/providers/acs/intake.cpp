#include "providers/acs/intake.hpp"

#include <trunkline/base/crypto.hpp>
#include <trunkline/observe/log.hpp>
#include <trunkline/providers/acs/subscription.hpp>

#include <algorithm>
#include <array>

namespace trunkline::providers::acs {
namespace {

using nlohmann::json;

constexpr std::string_view provider = "acs";
constexpr std::string_view dial_context = "trunkline-dial";

std::string to_text(const json& data) {
  return data.dump(-1, ' ', false, json::error_handler_t::replace);
}

// The correlation id is the same in a call's events, its callbacks and Azure's logs.
std::string provider_call_id(const IncomingCall& incoming) {
  if (!incoming.correlation_id.empty()) return incoming.correlation_id;
  if (!incoming.server_call_id.empty()) return incoming.server_call_id;
  return crypto::hex(crypto::sha256(incoming.context));
}

calls::Arrival arrival_of(const Envelope& envelope, const IncomingCall& incoming) {
  calls::Arrival arrival;
  arrival.inbox_key = inbox_key(envelope);
  arrival.provider = provider;
  arrival.provider_call_id = provider_call_id(incoming);
  arrival.from = address_of(incoming.from);
  arrival.to = address_of(incoming.to);
  arrival.media_returns = true;
  if (!incoming.server_call_id.empty()) arrival.names["serverCallId"] = incoming.server_call_id;
  auto& metadata = arrival.metadata;
  if (!incoming.caller_name.empty()) metadata["callerName"] = incoming.caller_name;
  if (incoming.on_behalf_of) metadata["onBehalfOf"] = address_of(*incoming.on_behalf_of);
  for (const auto& [name, value] : incoming.sip_headers) metadata["sip." + name] = value;
  for (const auto& [name, value] : incoming.voip_headers) metadata["voip." + name] = value;
  return arrival;
}

requests::Reject::Reason reason_of(std::string_view reject) {
  return reject == "busy" ? requests::Reject::Reason::busy : requests::Reject::Reason::forbidden;
}

// What asking again will not change.
bool is_final(const Error& error) {
  static constexpr std::array<std::string_view, 3> codes = {"provider_failed", "invalid_command",
                                                            "provider_not_configured"};
  return std::ranges::find(codes, error.code) != codes.end();
}

bool is_over(const Error& error) {
  return error.code == "stale_call" || error.code == "call_not_found_there";
}

json names_of(const CallConnection& connection) {
  json names = json::object();
  if (!connection.call.empty()) names["callConnectionId"] = connection.call;
  if (!connection.server_call_id.empty()) names["serverCallId"] = connection.server_call_id;
  return names;
}

}  // namespace

asio::awaitable<Intake::Outcome> Intake::take(const Envelope& envelope, const std::string& own_id) {
  if (envelope.type == incoming_call_type) co_return co_await ring(envelope);
  if (envelope.type == file_status_type) co_return co_await files(envelope);
  if (envelope.type == validation_type || envelope.type == deletion_type) {
    log::info("word about an event subscription", {{"type", envelope.type}, {"subject", envelope.subject}});
    co_return EventOutcome{};
  }
  auto callback = read_callback(envelope, parts_.services.media.clock.wall());
  if (!callback) co_return callback.error();
  if (auto* occurrence = std::get_if<Occurrence>(&*callback)) {
    co_return co_await call_back(std::move(*occurrence), own_id);
  }
  if (auto* unknown = std::get_if<Unknown>(&*callback)) co_return co_await keep(std::move(*unknown), own_id);
  co_return EventOutcome{};
}

asio::awaitable<Intake::Outcome> Intake::keep(Unknown unknown, const std::string& own_id) {
  parts_.services.media.metrics.webhooks("azure-events", "unknown").add();
  log::info("an event of Azure of a type that is not known",
            {{"type", unknown.type}, {"event", unknown.about.inbox_key}});
  const auto call = co_await known_call(unknown.about, own_id);
  if (!call && call.error().code == "call_not_found") co_return EventOutcome{};
  if (!call) co_return call.error();
  co_return co_await tell(unknown.about, call->provider_call_id);
}

// Redirected and transferred calls may ring at a number of our own: answered, they would go round for ever.
bool Intake::comes_from_us(const IncomingCall& incoming) const {
  const std::string from = address_of(incoming.from);
  const auto& own = parts_.settings.own_numbers;
  return from == address_of(incoming.to) || std::ranges::find(own, from) != own.end();
}

asio::awaitable<Intake::Outcome> Intake::ring(const Envelope& envelope) {
  const auto incoming = read_incoming_call(envelope);
  if (!incoming) co_return incoming.error();
  if (comes_from_us(*incoming)) {
    log::warn("a call from one of our own numbers is not answered",
              {{"from", log::masked(address_of(incoming->from))}});
    co_return EventOutcome{};
  }
  const auto render = [this](const calls::CallService::Admission& admission) {
    const json plan = admission.media_token.empty()
                          ? json{{"reject", admission.route.reject}}
                          : json{{"media", parts_.reception.media_url(admission)}, {"token", admission.media_token}};
    return calls::StoredAnswer{200, "application/json", plan.dump(), {}};
  };
  auto arrival = arrival_of(envelope, *incoming);
  const auto stored = co_await parts_.reception.arrive(std::move(arrival), render);
  if (!stored && stored.error().code == "no_new_calls") co_return co_await turn_away(*incoming);
  if (!stored) co_return stored.error();
  const auto call = co_await parts_.services.media.calls.find(stored->call_id);
  if (!call) co_return call.error();
  const json plan = json::parse(stored->body, nullptr, false);
  Outcome outcome = EventOutcome{call->id, stored->repeated};
  if (stored->repeated && call->to != address_of(incoming->to)) {
    log::warn("a call that came round to another number of ours is not answered", {{"callId", call->id}});
  } else if (plan.is_object() && plan.contains("reject")) {
    outcome = co_await refuse(*incoming, *call, plan.value("reject", ""));
  } else if (call->state <= calls::State::ringing) {
    outcome = co_await answer(*incoming, *call, plan);
  }
  if (outcome) outcome->repeated = stored->repeated;
  co_return outcome;
}

// From the stored plan: asked again, after a restart as well, it is the same question.
requests::Setup Intake::setup_for(const calls::Call& call, const json& plan) const {
  const std::string token = plan.value("token", "");
  const config::Acs& settings = parts_.settings;
  const std::string& origin = parts_.services.server.public_url;
  requests::Setup setup;
  setup.callback_uri = origin + "/webhooks/azure/events?callId=" + call.id;
  setup.operation_context = call.id;
  setup.cognitive_services_endpoint = settings.cognitive_services_endpoint;
  setup.media_streaming = requests::MediaStreaming{
      .url = plan.value("media", "") + "?token=" + token,
      .unmixed = settings.unmixed(),
      .wideband = settings.media_sample_rate == 24'000,
  };
  if (settings.transcription && !settings.cognitive_services_endpoint.empty()) {
    setup.transcription = requests::TranscriptionSetup{
        .url = websocket_url(origin) + "/webhooks/transcription/" + call.id + "?token=" + token,
        .locale = parts_.services.media.calls.route_of(call).language,
    };
  }
  return setup;
}

asio::awaitable<Intake::Outcome> Intake::answer(const IncomingCall& incoming, const calls::Call& call,
                                                const json& plan) {
  const requests::Answer request{incoming.context, setup_for(call, plan), {}};
  Manner manner{"answer/" + call.id, call.created_at, std::nullopt};
  const auto connection = co_await parts_.client.answer(request, std::move(manner));
  if (connection) {
    json data = {{"status", to_string(calls::State::connecting)}, {"providerStatus", "answered"}};
    data["names"] = names_of(*connection);
    co_return co_await settle(call, "answered", std::move(data));
  }
  const Error& error = connection.error();
  if (is_over(error)) {
    json data = {{"status", to_string(calls::State::cancelled)}, {"providerStatus", error.code}, {"reason", "stale"}};
    co_return co_await settle(call, "stale", std::move(data));
  }
  log::error("a call was not answered", {{"callId", call.id}, {"code", error.code}, {"reason", error.message}});
  if (!is_final(error)) co_return error;
  json data = {
      {"status", to_string(calls::State::failed)}, {"providerStatus", error.code}, {"reason", "answer-failed"}};
  co_return co_await settle(call, "not-answered", std::move(data));
}

asio::awaitable<Intake::Outcome> Intake::refuse(const IncomingCall& incoming, const calls::Call& call,
                                                std::string_view reason) {
  const requests::Reject request{incoming.context, reason_of(reason)};
  Manner manner{"reject/" + call.id, call.created_at, std::nullopt};
  const auto done = co_await parts_.client.reject(request, std::move(manner));
  if (!done && !is_over(done.error()) && !is_final(done.error())) co_return done.error();
  co_return EventOutcome{call.id, false};
}

// Nothing is kept of it: as far as the caller can tell, the number is busy.
asio::awaitable<Intake::Outcome> Intake::turn_away(const IncomingCall& incoming) {
  const requests::Reject request{incoming.context, requests::Reject::Reason::busy};
  Manner manner{"busy/" + provider_call_id(incoming), std::nullopt, std::nullopt};
  const auto done = co_await parts_.client.reject(request, std::move(manner));
  if (!done && !is_over(done.error())) {
    log::warn("a call could not be turned away", {{"reason", done.error().message}});
  }
  co_return EventOutcome{};
}

// What our own question to the provider has brought: as its word, and once.
asio::awaitable<Intake::Outcome> Intake::settle(const calls::Call& call, std::string_view key, json data) {
  calls::StatusUpdate update;
  update.inbox_key = "acs/" + std::string(key) + "/" + call.id;
  update.provider = call.provider;
  update.provider_call_id = call.provider_call_id;
  update.at = parts_.services.media.clock.wall();
  const auto state = calls::parse_state(data.value("status", ""));
  update.data = to_text(data);
  const auto taken = co_await parts_.reception.update(std::move(update), state);
  if (!taken) co_return taken.error();
  co_return EventOutcome{call.id, false};
}

asio::awaitable<Result<calls::Call>> Intake::call_named(std::string kind, std::string name) const {
  if (name.empty()) co_return make_error("call_not_found", "the call has no such name");
  co_return co_await parts_.services.media.calls.find_by_name(std::string(provider), std::move(kind), std::move(name));
}

asio::awaitable<Result<calls::Call>> Intake::known_call(const Occurrence& occurrence, const std::string& own_id) const {
  if (!own_id.empty()) {
    auto call = co_await parts_.services.media.calls.find(own_id);
    if (call && call->provider == provider) co_return call;
  }
  auto by_connection = co_await call_named("callConnectionId", occurrence.connection_id);
  if (by_connection || by_connection.error().code != "call_not_found") co_return by_connection;
  if (!occurrence.correlation_id.empty()) {
    auto by_correlation =
        co_await parts_.services.media.calls.find_by_provider_id(std::string(provider), occurrence.correlation_id);
    if (by_correlation || by_correlation.error().code != "call_not_found") co_return by_correlation;
  }
  co_return co_await call_named("serverCallId", occurrence.server_call_id);
}

// Its callbacks go to an address with our own id. Of a call that somebody else answered nothing but names is known.
asio::awaitable<std::string> Intake::provider_name_of(const Occurrence& occurrence, const std::string& own_id) const {
  if (!own_id.empty()) {
    const auto call = co_await parts_.services.media.calls.find(own_id);
    if (call && call->provider == provider) co_return call->provider_call_id;
  }
  const auto by_connection = co_await call_named("callConnectionId", occurrence.connection_id);
  if (by_connection) co_return by_connection->provider_call_id;
  if (!occurrence.correlation_id.empty()) co_return occurrence.correlation_id;
  const auto by_server = co_await call_named("serverCallId", occurrence.server_call_id);
  co_return by_server ? by_server->provider_call_id : occurrence.connection_id;
}

asio::awaitable<Intake::Outcome> Intake::call_back(Occurrence occurrence, const std::string& own_id) {
  const std::string name = co_await provider_name_of(occurrence, own_id);
  if (name.empty()) co_return EventOutcome{};
  const Outcome told = co_await tell(occurrence, name);
  if (!told) co_return told;
  Outcome outcome = co_await follow(occurrence, told->call_id);
  if (outcome) outcome->repeated = told->repeated;
  co_return outcome;
}

asio::awaitable<Intake::Outcome> Intake::tell(const Occurrence& occurrence, std::string provider_call_id) {
  calls::StatusUpdate update;
  update.inbox_key = occurrence.inbox_key;
  update.provider = provider;
  update.provider_call_id = std::move(provider_call_id);
  update.type = occurrence.type;
  update.at = occurrence.at;
  update.data = to_text(occurrence.data);
  std::optional<calls::State> state;
  if (occurrence.type == calls::EventType::call_status) state = calls::parse_state(occurrence.data.value("status", ""));
  const auto taken = co_await parts_.reception.update(std::move(update), state);
  if (!taken) co_return taken.error();
  co_return EventOutcome{taken->call_id, taken->repeated};
}

// A route that dials: once the caller is there, so is the one who is called; when that one goes, the call is over.
asio::awaitable<Intake::Outcome> Intake::follow(const Occurrence& occurrence, const std::string& call_id) {
  using Type = calls::EventType;
  const bool connected = occurrence.type == Type::call_status && occurrence.data.value("status", "") == "CONNECTED";
  const bool unreached = occurrence.type == Type::operation_failed && occurrence.context == dial_context;
  if (!connected && !unreached && occurrence.type != Type::participants_changed) co_return EventOutcome{call_id, false};
  const auto call = co_await parts_.services.media.calls.find(call_id);
  if (!call) co_return call.error();
  const config::Route& route = parts_.services.media.calls.route_of(*call);
  if (route.dial.empty() || calls::is_terminal(call->state)) co_return EventOutcome{call_id, false};
  if (connected) co_return co_await dial(*call, route.dial, route.caller_id.empty() ? call->to : route.caller_id);
  const auto has_gone = [&](const calls::Participant& one) { return one.address == route.dial && one.left_at; };
  if (!unreached && std::ranges::none_of(call->participants, has_gone)) co_return EventOutcome{call_id, false};
  const auto done = co_await parts_.commands.hang_up(*call);
  if (!done) co_return done.error();
  co_return EventOutcome{call_id, false};
}

asio::awaitable<Intake::Outcome> Intake::dial(const calls::Call& call, const std::string& number,
                                              const std::string& caller_id) {
  requests::AddParticipant request;
  request.call = connection_of(call);
  request.participant = phone_number(number);
  request.caller_id = caller_id;
  request.correlation.operation_context = dial_context;
  Manner manner{"dial/" + call.id, call.created_at, brief};  // whoever told us waits, and we try again
  const auto added = co_await parts_.client.add_participant(request, std::move(manner));
  if (added || is_over(added.error())) co_return EventOutcome{call.id, false};
  if (!is_final(added.error())) co_return added.error();
  log::error("a call could not be connected on", {{"callId", call.id}, {"reason", added.error().message}});
  const auto done = co_await parts_.commands.hang_up(call);
  if (!done) co_return done.error();
  co_return EventOutcome{call.id, false};
}

}  // namespace trunkline::providers::acs

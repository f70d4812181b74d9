#include "api/endpoints.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/observe/log.hpp>
#include <trunkline/providers/twilio/answer.hpp>
#include <trunkline/providers/twilio/media_session.hpp>
#include <trunkline/providers/twilio/signature.hpp>
#include <trunkline/providers/twilio/twiml.hpp>
#include <trunkline/providers/twilio/webhook.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace trunkline::api {
namespace {

namespace twilio = providers::twilio;

constexpr std::string_view signature_header = "X-Twilio-Signature";
constexpr std::string_view idempotency_header = "I-Twilio-Idempotency-Token";
constexpr std::chrono::seconds stream_comes_within{5};  // after the answer that asks for it

calls::StoredAnswer twiml_answer(std::string document) {
  return {200, "text/xml; charset=utf-8", std::move(document), {}};
}

net::Response response_of(calls::StoredAnswer answer) {
  net::Response response = text_response(answer.content_type, std::move(answer.body));
  response.status = answer.status;
  response.set("Cache-Control", "no-store");
  return response;
}

net::Response invalid(const Exchange& exchange, const twilio::InvalidParameters& parameters) {
  std::vector<net::FieldError> errors;
  errors.reserve(parameters.fields.size());
  for (const auto& [field, message] : parameters.fields) errors.push_back({field, message});
  return exchange.invalid(std::move(errors));
}

net::Response no_content() {
  net::Response response;
  response.status = 204;
  return response;
}

/// Twilio's webhooks: proof, parse, hand to the calls, answer.
class TwilioWebhooks {
 public:
  explicit TwilioWebhooks(const Services& services) : services_(services) {
    // There from the start: these are the callbacks in which Twilio says when it sent them.
    for (const std::string_view type : {"status", "stream"}) services_.metrics.webhook_lag(type);
  }

  using Take = asio::awaitable<net::Response> (TwilioWebhooks::*)(Exchange&, const Params&) const;

  asio::awaitable<net::Response> receive(Exchange& exchange, observe::WebhookKind& kind, Take take) const {
    const MonoTime began = services_.clock.mono();
    net::Response response = co_await checked(exchange, kind, take);
    const Outcome outcome = outcome_of(response.status);
    services_.metrics.webhooks(kind.type, word_of(outcome)).add();
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(services_.clock.mono() - began);
    kind.note(outcome, took, services_.clock.wall());
    if (exchange.repeated) ++kind.duplicates;
    if (response.status >= 300) {
      const auto problem = nlohmann::json::parse(response.body, nullptr, false);
      log::warn("webhook not accepted", {{"requestId", exchange.request.id},
                                         {"type", kind.type},
                                         {"status", response.status},
                                         {"reason", problem.value("detail", "")}});
    }
    co_return response;
  }

  asio::awaitable<net::Response> voice(Exchange& exchange, const Params& params) const {
    auto arrival = twilio::parse_voice(params, idempotency_token(exchange));
    if (!arrival) co_return invalid(exchange, arrival.error());
    const bool full = services_.streams.full(services_.clock.mono());
    const std::string from = arrival->from;
    const LimitAnswer limit = co_await services_.limits.take(LimitClass::phone, from);
    arrival->known_only = full || !limit.admitted || services_.health.draining();
    const std::string to = arrival->to;
    auto answer = co_await services_.calls.arrive(std::move(*arrival),
                                                  [this](const auto& admission) { return render(admission); });
    if (!answer && answer.error().code == "no_new_calls") {
      if (full || !limit.admitted) {
        const std::string_view reason = full ? "MAX_STREAMS is reached" : "too many calls from this number";
        log::warn("call refused", {{"requestId", exchange.request.id}, {"reason", reason}});
      }
      co_return response_of(twiml_answer(*to_xml(twilio::refusal())));
    }
    if (!answer) co_return exchange.fail(answer.error());
    exchange.call_id = answer->call_id;
    exchange.repeated = answer->repeated;
    log::info("call arrives", {{"requestId", exchange.request.id},
                               {"callId", answer->call_id},
                               {"from", log::masked(from)},
                               {"to", log::masked(to)}});
    co_return response_of(std::move(*answer));
  }

  asio::awaitable<net::Response> status(Exchange& exchange, const Params& params) const {
    auto update = twilio::parse_status(params, idempotency_token(exchange), services_.clock.wall());
    if (!update) co_return invalid(exchange, update.error());
    const auto state = calls::parse_state(nlohmann::json::parse(update->data).value("status", ""));
    const auto taken = co_await services_.calls.update(std::move(*update));
    if (!taken) co_return exchange.fail(taken.error());
    exchange.call_id = taken->call_id;
    exchange.repeated = taken->repeated;
    if (state && calls::is_terminal(*state)) {
      services_.streams.expect_no_more(taken->call_id);
      services_.commands.end_soon(taken->call_id, taken->node, {media::EndCause::provider_status, "", false});
    }
    co_return no_content();
  }

  asio::awaitable<net::Response> stream(Exchange& exchange, const Params& params) const {
    auto status = twilio::parse_stream_status(params, idempotency_token(exchange), services_.clock.wall());
    if (!status) co_return invalid(exchange, status.error());
    using Event = twilio::StreamStatus::Event;
    if (status->event == Event::error) {
      nlohmann::json data = {{"streamId", status->stream_sid}, {"reason", "stream-error"}, {"message", status->error}};
      const auto kept = co_await keep(status->inbox_key, status->call_sid, calls::EventType::media_trouble, status->at,
                                      std::move(data));
      if (!kept) co_return exchange.fail(kept.error());
      exchange.repeated = kept->repeated;
    }
    if (status->event != Event::started) exchange.call_id = co_await end_stream(*status);
    co_return no_content();
  }

  asio::awaitable<net::Response> recording(Exchange& exchange, const Params& params) const {
    auto status = twilio::parse_recording_status(params, idempotency_token(exchange));
    if (!status) co_return invalid(exchange, status.error());
    using Status = twilio::RecordingStatus::Status;
    const auto type = status->status == Status::in_progress ? calls::EventType::recording_started
                      : status->status == Status::completed ? calls::EventType::recording_completed
                                                            : calls::EventType::recording_failed;
    nlohmann::json data = {{"providerRecordingId", status->recording_sid}, {"url", status->url}};
    if (status->duration_s) data["durationMs"] = *status->duration_s * 1'000;
    if (!status->error_code.empty()) data["reason"] = status->error_code;
    if (!status->parameters.empty()) data["parameters"] = status->parameters;
    const auto kept = co_await keep(status->inbox_key, status->call_sid, type, services_.clock.wall(), std::move(data));
    if (!kept) co_return exchange.fail(kept.error());
    exchange.call_id = kept->call_id;
    exchange.repeated = kept->repeated;
    co_return no_content();
  }

  asio::awaitable<net::Upgrade> media(Exchange& exchange) const {
    const net::Request& request = exchange.request;
    const std::string_view signature = request.header(signature_header);
    const std::string url = twilio::websocket_url(services_.settings.server.public_url) + request.target;
    if (!signature.empty() && !twilio::signature_matches(services_.settings.twilio.auth_tokens, url, {}, signature)) {
      services_.metrics.webhooks("media", "forged").add();
      co_return net::Upgrade{nullptr, forged(exchange)};
    }
    if (services_.streams.size() >= services_.settings.calls.max_streams) {
      co_return net::Upgrade{nullptr, exchange.fail(make_error("too_many_streams", "MAX_STREAMS is reached"))};
    }
    // The token comes in the first message only; before that, nobody but a running call is worth a socket.
    const auto call = co_await services_.calls.find(std::string(exchange.param("callId")));
    if (!call) co_return net::Upgrade{nullptr, exchange.fail(call.error())};
    if (calls::is_terminal(call->state)) {
      co_return net::Upgrade{nullptr, exchange.fail(make_error("call_over", "the call is over"))};
    }
    co_return net::Upgrade{twilio::make_media_session(services_.media, *request.worker, call->id,
                                                      services_.settings.calls.media_idle_timeout),
                           {}};
  }

 private:
  using Outcome = observe::WebhookKind::Outcome;

  static Outcome outcome_of(int status) {
    if (status < 300) return Outcome::accepted;
    if (status == 403) return Outcome::forged;
    return status < 500 ? Outcome::refused : Outcome::failed;
  }

  static std::string_view word_of(Outcome outcome) {
    static constexpr std::array<std::string_view, 4> words = {"accepted", "refused", "forged", "failed"};
    return words[static_cast<std::size_t>(outcome)];
  }

  asio::awaitable<net::Response> checked(Exchange& exchange, observe::WebhookKind& kind, Take take) const {
    const net::Request& request = exchange.request;
    const std::string_view content_type = request.header("Content-Type");
    if (!request.body.empty() && !text::lower(content_type).starts_with("application/x-www-form-urlencoded")) {
      co_return net::problem(415, make_error("unsupported_media_type", "send application/x-www-form-urlencoded"),
                             request.id);
    }
    const auto params = parse_form(request.body);
    if (!params) co_return exchange.fail(params.error());
    const std::string url = services_.settings.server.public_url + request.target;
    if (!twilio::signature_matches(services_.settings.twilio.auth_tokens, url, *params,
                                   request.header(signature_header))) {
      co_return forged(exchange);
    }
    net::Response response = co_await (this->*take)(exchange, *params);
    const auto sent = twilio::sent_at(*params);
    // Clocks differ, and some of Twilio's times are cut to the second: less than nothing is nothing.
    if (sent) {
      const milliseconds lag = std::max(services_.clock.wall() - *sent, milliseconds{0});
      services_.metrics.webhook_lag(kind.type).observe(lag);
      kind.lag.note(lag);
    }
    co_return response;
  }

  net::Response forged(Exchange& exchange) const {
    exchange.unproven = true;
    const std::string_view signature = exchange.request.header(signature_header);
    if (services_.settings.twilio.auth_tokens.empty()) {
      log::error("a Twilio request came, but TWILIO_AUTH_TOKEN is not set", {{"requestId", exchange.request.id}});
    }
    return net::problem(403,
                        signature.empty() ? make_error("signature_missing", "X-Twilio-Signature is missing")
                                          : make_error("signature_invalid",
                                                       "X-Twilio-Signature does not fit this request; check "
                                                       "TWILIO_AUTH_TOKEN and PUBLIC_URL"),
                        exchange.request.id);
  }

  static std::string_view idempotency_token(const Exchange& exchange) {
    return exchange.request.header(idempotency_header);
  }

  calls::StoredAnswer render(const calls::CallService::Admission& admission) const {
    const std::string& origin = services_.settings.server.public_url;
    if (!admission.media_token.empty()) {
      services_.streams.expect(admission.call.id, services_.clock.mono() + stream_comes_within);
    }
    const twilio::AnswerPlan plan{
        .stream_url = twilio::websocket_url(origin) + "/media/twilio/" + admission.call.id,
        .stream_name = admission.call.id,
        .stream_status_callback = origin + "/webhooks/twilio/stream",
        .token = admission.media_token,
        .route = admission.route,
    };
    auto document = to_xml(twilio::answer(plan));
    // Only a route with texts of tens of kilobytes gets here; the caller is still told something.
    if (!document) document = to_xml(twilio::refusal());
    return twiml_answer(std::move(*document));
  }

  /// Only the stream that is named: a call may have others that are not ours. Gives the call's id, if it is known.
  asio::awaitable<std::string> end_stream(const twilio::StreamStatus& status) const {
    const auto call = co_await services_.calls.find_by_provider_id("twilio", status.call_sid);
    if (!call) co_return "";
    const auto cause = status.event == twilio::StreamStatus::Event::error ? media::EndCause::stream_error
                                                                          : media::EndCause::provider_status;
    services_.commands.end_soon(call->id, call->node, {cause, status.stream_sid, false});
    co_return call->id;
  }

  asio::awaitable<Result<calls::Updated>> keep(std::string inbox_key, std::string call_sid, calls::EventType type,
                                               WallTime at, nlohmann::json data) const {
    calls::StatusUpdate update;
    update.inbox_key = std::move(inbox_key);
    update.provider = "twilio";
    update.provider_call_id = std::move(call_sid);
    update.type = type;
    update.at = at;
    update.data = data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    co_return co_await services_.calls.update(std::move(update));
  }

  const Services& services_;
};

}  // namespace

void add_twilio_endpoints(Router& router, const Services& services) {
  const auto webhooks = std::make_shared<const TwilioWebhooks>(services);
  const auto post = [&](std::string pattern, std::string_view type, TwilioWebhooks::Take take) {
    auto& kind = services.webhook_figures.of("twilio", type);
    router.add({"POST",
                std::move(pattern),
                Access::provider,
                {},
                [webhooks, &kind, take](Exchange& exchange) { return webhooks->receive(exchange, kind, take); },
                {}});
  };
  post("/webhooks/twilio/voice", "voice", &TwilioWebhooks::voice);
  post("/webhooks/twilio/status", "status", &TwilioWebhooks::status);
  post("/webhooks/twilio/stream", "stream", &TwilioWebhooks::stream);
  post("/webhooks/twilio/recording", "recording", &TwilioWebhooks::recording);
  router.add({"GET", "/media/twilio/{callId}", Access::provider, {}, {}, [webhooks](Exchange& exchange) {
                return webhooks->media(exchange);
              }});
}

}  // namespace trunkline::api

#include <trunkline/base/text.hpp>
#include <trunkline/observe/log.hpp>
#include <trunkline/providers/twilio/adapter.hpp>
#include <trunkline/providers/twilio/answer.hpp>
#include <trunkline/providers/twilio/media_session.hpp>
#include <trunkline/providers/twilio/rest_client.hpp>
#include <trunkline/providers/twilio/signature.hpp>
#include <trunkline/providers/twilio/twiml.hpp>
#include <trunkline/providers/twilio/webhook.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace trunkline::providers::twilio {
namespace {

using Answer = Result<net::Response>;

constexpr std::string_view signature_header = "X-Twilio-Signature";
constexpr std::string_view idempotency_header = "I-Twilio-Idempotency-Token";

calls::StoredAnswer twiml_answer(std::string document) {
  return {200, "text/xml; charset=utf-8", std::move(document), {}};
}

net::Response response_of(calls::StoredAnswer answer) {
  net::Response response;
  response.status = answer.status;
  response.set("Content-Type", std::move(answer.content_type));
  response.body = std::move(answer.body);
  return response;
}

Error invalid(Delivery& delivery, const InvalidParameters& parameters) {
  for (const auto& [field, message] : parameters.fields) delivery.faults.push_back({field, message});
  return make_error("invalid_parameter", "the request is not valid");
}

net::Response no_content() {
  net::Response response;
  response.status = 204;
  return response;
}

std::string_view idempotency_token(const Delivery& delivery) {
  return delivery.request.header(idempotency_header);
}

class TwilioAdapter final : public Adapter {
 public:
  TwilioAdapter(const config::Twilio& settings, const Services& services)
      : settings_(settings), services_(services), reception_(services), client_(make_rest_client(settings)) {}

  calls::Provider& provider() override { return *client_; }

  std::vector<WebhookRoute> webhooks() override {
    return {webhook("voice", &TwilioAdapter::voice), webhook("status", &TwilioAdapter::status),
            webhook("stream", &TwilioAdapter::stream), webhook("recording", &TwilioAdapter::recording)};
  }

  std::vector<SocketRoute> sockets() override {
    return {{"/media/twilio/{callId}", [this](Delivery& delivery) { return media(delivery); }}};
  }

 private:
  using Take = asio::awaitable<Answer> (TwilioAdapter::*)(Delivery&, const Params&) const;

  WebhookRoute webhook(std::string type, Take take) {
    std::string pattern = "/webhooks/twilio/" + type;
    return {"POST", std::move(pattern), std::move(type),
            [this, take](Delivery& delivery) { return checked(delivery, take); }};
  }

  asio::awaitable<Answer> checked(Delivery& delivery, Take take) const {
    const net::Request& request = delivery.request;
    const std::string_view content_type = request.header("Content-Type");
    if (!request.body.empty() && !text::lower(content_type).starts_with("application/x-www-form-urlencoded")) {
      co_return make_error("unsupported_media_type", "send application/x-www-form-urlencoded");
    }
    const auto params = parse_form(request.body);
    if (!params) co_return params.error();
    const std::string url = services_.server.public_url + request.target;
    if (!signature_matches(settings_.auth_tokens, url, *params, request.header(signature_header))) {
      co_return forged(delivery);
    }
    delivery.sent_at = sent_at(*params);
    co_return co_await (this->*take)(delivery, *params);
  }

  Error forged(Delivery& delivery) const {
    delivery.unproven = true;
    if (settings_.auth_tokens.empty()) {
      log::error("a Twilio request came, but TWILIO_AUTH_TOKEN is not set", {{"requestId", delivery.request.id}});
    }
    if (delivery.request.header(signature_header).empty()) {
      return make_error("signature_missing", "X-Twilio-Signature is missing");
    }
    return make_error("signature_invalid",
                      "X-Twilio-Signature does not fit this request; check TWILIO_AUTH_TOKEN and PUBLIC_URL");
  }

  asio::awaitable<Answer> voice(Delivery& delivery, const Params& params) const {
    auto arrival = parse_voice(params, idempotency_token(delivery));
    if (!arrival) co_return invalid(delivery, arrival.error());
    auto answer =
        co_await reception_.arrive(std::move(*arrival), [this](const auto& admission) { return render(admission); });
    if (!answer && answer.error().code == "no_new_calls") co_return response_of(twiml_answer(*to_xml(refusal())));
    if (!answer) co_return answer.error();
    delivery.call_id = answer->call_id;
    delivery.repeated = answer->repeated;
    co_return response_of(std::move(*answer));
  }

  asio::awaitable<Answer> status(Delivery& delivery, const Params& params) const {
    auto update = parse_status(params, idempotency_token(delivery), services_.media.clock.wall());
    if (!update) co_return invalid(delivery, update.error());
    const auto state = calls::parse_state(nlohmann::json::parse(update->data).value("status", ""));
    co_return answered(delivery, co_await reception_.update(std::move(*update), state));
  }

  asio::awaitable<Answer> stream(Delivery& delivery, const Params& params) const {
    auto status = parse_stream_status(params, idempotency_token(delivery), services_.media.clock.wall());
    if (!status) co_return invalid(delivery, status.error());
    using Event = StreamStatus::Event;
    if (status->event == Event::error) {
      nlohmann::json data = {{"streamId", status->stream_sid}, {"reason", "stream-error"}, {"message", status->error}};
      const auto kept = co_await keep(status->inbox_key, status->call_sid, calls::EventType::media_trouble, status->at,
                                      std::move(data));
      if (!kept) co_return kept.error();
      delivery.repeated = kept->repeated;
    }
    if (status->event != Event::started) delivery.call_id = co_await end_stream(*status);
    co_return no_content();
  }

  asio::awaitable<Answer> recording(Delivery& delivery, const Params& params) const {
    auto status = parse_recording_status(params, idempotency_token(delivery));
    if (!status) co_return invalid(delivery, status.error());
    using Status = RecordingStatus::Status;
    const auto type = status->status == Status::in_progress ? calls::EventType::recording_started
                      : status->status == Status::completed ? calls::EventType::recording_completed
                                                            : calls::EventType::recording_failed;
    nlohmann::json data = {{"providerRecordingId", status->recording_sid}, {"url", status->url}};
    if (status->duration_s) data["durationMs"] = *status->duration_s * 1'000;
    if (!status->error_code.empty()) data["reason"] = status->error_code;
    if (!status->parameters.empty()) data["parameters"] = status->parameters;
    co_return answered(delivery, co_await keep(status->inbox_key, status->call_sid, type, services_.media.clock.wall(),
                                               std::move(data)));
  }

  asio::awaitable<Result<std::shared_ptr<net::WebSocketHandler>>> media(Delivery& delivery) const {
    const net::Request& request = delivery.request;
    const std::string_view signature = request.header(signature_header);
    const std::string url = websocket_url(services_.server.public_url) + request.target;
    if (!signature.empty() && !signature_matches(settings_.auth_tokens, url, {}, signature)) {
      co_return forged(delivery);
    }
    const auto call = co_await reception_.call_of_stream(std::string(first_of(delivery.path, "callId")));
    if (!call) co_return call.error();
    co_return make_media_session(services_.media, *request.worker, call->id, services_.limits.media_idle_timeout);
  }

  static Answer answered(Delivery& delivery, const Result<calls::Updated>& taken) {
    if (!taken) return taken.error();
    delivery.call_id = taken->call_id;
    delivery.repeated = taken->repeated;
    return no_content();
  }

  calls::StoredAnswer render(const calls::CallService::Admission& admission) const {
    const AnswerPlan plan{
        .stream_url = reception_.media_url(admission),
        .stream_name = admission.call.id,
        .stream_status_callback = services_.server.public_url + "/webhooks/twilio/stream",
        .token = admission.media_token,
        .route = admission.route,
    };
    auto document = to_xml(answer(plan));
    // Only a route with texts of tens of kilobytes gets here; the caller is still told something.
    if (!document) document = to_xml(refusal());
    return twiml_answer(std::move(*document));
  }

  /// Only the stream that is named: a call may have others that are not ours. Gives the call's id, if it is known.
  asio::awaitable<std::string> end_stream(const StreamStatus& status) const {
    const auto call = co_await services_.media.calls.find_by_provider_id("twilio", status.call_sid);
    if (!call) co_return "";
    const auto cause =
        status.event == StreamStatus::Event::error ? media::EndCause::stream_error : media::EndCause::provider_status;
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
    co_return co_await services_.media.calls.update(std::move(update));
  }

  const config::Twilio& settings_;
  const Services services_;
  const Reception reception_;
  const std::unique_ptr<calls::Provider> client_;
};

}  // namespace

std::unique_ptr<Adapter> make_adapter(const config::Twilio& settings, const Services& services) {
  return std::make_unique<TwilioAdapter>(settings, services);
}

}  // namespace trunkline::providers::twilio

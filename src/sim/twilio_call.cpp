#include "sim/carrier_stream.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/net/client.hpp>
#include <trunkline/net/url.hpp>
#include <trunkline/providers/twilio/signature.hpp>
#include <trunkline/providers/twilio/twiml.hpp>
#include <trunkline/sim/twilio_call.hpp>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>
#include <variant>

namespace trunkline::sim {
namespace {

namespace twilio = providers::twilio;
namespace twiml = providers::twilio::twiml;

/// Talks to the gateway about one call, as Twilio would.
class TwilioCall {
 public:
  TwilioCall(net::Worker& worker, TwilioCallPlan plan, Ids& ids, const Clock& clock)
      : worker_(worker), plan_(std::move(plan)), ids_(ids), clock_(clock), dice_(plan_.seed) {
    if (plan_.public_url.empty()) plan_.public_url = plan_.target;
    report_.provider_call_id = "CA" + ids_.secret(16);
  }

  asio::awaitable<Result<CallReport>> run() {
    began_ = clock_.wall();
    auto answer = co_await post("/webhooks/twilio/voice", voice_parameters("ringing"));
    if (!answer) co_return answer.error();
    if (answer->status != 200) {
      co_return make_error("refused", "the gateway answered with HTTP " + std::to_string(answer->status), answer->body);
    }
    report_.answer = answer->body;
    const auto document = twiml::parse_twiml(report_.answer);
    if (!document) co_return document.error();
    co_await follow(*document);
    if (plan_.fault == Fault::reorder) {
      co_await report_status("completed", 3);
      co_await report_status("in-progress", 2);
      co_await report_status("ringing", 1);
    } else {
      co_await report_status(report_.rejected ? "busy" : "completed", 0);
    }
    co_return std::move(report_);
  }

 private:
  asio::awaitable<void> follow(const twiml::Document& document) {
    const std::vector<media::Track> caller_only = {media::Track::inbound};
    const std::vector<media::Track> both = {media::Track::inbound, media::Track::outbound};
    for (const auto& verb : document.verbs) {
      if (std::holds_alternative<twiml::Reject>(verb)) {
        report_.rejected = true;
        co_return;
      }
      if (std::holds_alternative<twiml::Hangup>(verb)) co_return;
      if (const auto* connect = std::get_if<twiml::Connect>(&verb)) co_await run_stream(connect->stream, caller_only);
      // A fork runs beside the verbs that follow it; here the caller simply talks for as long as it lasts.
      if (const auto* start = std::get_if<twiml::Start>(&verb)) co_await run_stream(start->stream, both);
    }
  }

  asio::awaitable<void> run_stream(const twiml::Stream& stream, std::vector<media::Track> tracks) {
    const auto url = net::parse_url(stream.url);
    if (!url) {
      report_.media_error = url.error().message;
      co_return;
    }
    report_.call_id = url->target.substr(url->target.rfind('/') + 1);
    if (!plan_.media) co_return;
    CarrierStream::Options options;
    options.start.account_sid = plan_.account_sid;
    options.start.call_sid = report_.provider_call_id;
    options.start.stream_sid = "MZ" + ids_.secret(16);
    options.start.tracks = std::move(tracks);
    for (const auto& [name, value] : stream.parameters) options.start.parameters[name] = value;
    options.audio = plan_.audio;
    options.fault = plan_.fault;
    options.seed = plan_.seed;

    co_await report_stream(stream, options.start.stream_sid, "stream-started");
    const std::string stream_sid = options.start.stream_sid;
    asio::steady_timer over(worker_.context(), MonoTime::max());
    bool ended = false;
    auto handler = std::make_shared<CarrierStream>(worker_, std::move(options), report_, [&over, &ended] {
      ended = true;
      over.cancel();
    });
    // To the gateway's own address, whatever name it has on the outside; signed for that name.
    net::WebSocketRequest request;
    request.url = "ws" + plan_.target.substr(4) + url->target;
    request.headers = {{"User-Agent", "Twilio.TmeWs/1.0"},
                       {"X-Twilio-Signature", twilio::sign(plan_.auth_token, stream.url, {})}};
    net::open_websocket(worker_, std::move(request), handler);
    boost::system::error_code woken;
    while (!ended) co_await over.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    co_await report_stream(stream, stream_sid, report_.media_error.empty() ? "stream-stopped" : "stream-error");
  }

  Params voice_parameters(std::string_view status) const {
    return {{"CallSid", report_.provider_call_id},
            {"AccountSid", plan_.account_sid},
            {"ApiVersion", "2010-04-01"},
            {"From", plan_.from},
            {"To", plan_.to},
            {"Caller", plan_.from},
            {"Called", plan_.to},
            {"CallStatus", std::string(status)},
            {"Direction", "inbound"},
            {"FromCity", ""},
            {"FromCountry", "US"},
            {"StirVerstat", "TN-Validation-Passed-A"}};
  }

  asio::awaitable<void> report_status(std::string_view status, std::uint64_t sequence) {
    Params params = voice_parameters(status);
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(clock_.wall() - began_).count();
    params.emplace_back("CallbackSource", "call-progress-events");
    params.emplace_back("SequenceNumber", std::to_string(sequence));
    params.emplace_back("Timestamp", text::to_rfc2822(clock_.wall()));
    if (status == "completed") {
      params.emplace_back("CallDuration", std::to_string(seconds));
      params.emplace_back("Duration", std::to_string(seconds / 60 + 1));
    }
    co_await post("/webhooks/twilio/status", std::move(params));
  }

  asio::awaitable<void> report_stream(const twiml::Stream& stream, const std::string& stream_sid, std::string event) {
    if (stream.status_callback.empty() || lost()) co_return;
    const auto url = net::parse_url(stream.status_callback);
    if (!url) co_return;
    Params params = {{"AccountSid", plan_.account_sid},
                     {"CallSid", report_.provider_call_id},
                     {"StreamSid", stream_sid},
                     {"StreamName", stream.name},
                     {"StreamEvent", std::move(event)},
                     {"StreamError", report_.media_error},
                     {"Timestamp", text::to_rfc3339(clock_.wall())}};
    co_await post(url->target, std::move(params));
  }

  bool lost() { return plan_.fault == Fault::drop && std::uniform_int_distribution<>(0, 1)(dice_) == 0; }

  // A signed webhook. The same request, with the same idempotency token, comes twice under Fault::duplicate.
  asio::awaitable<Result<net::ClientResponse>> post(std::string path, Params params) {
    net::ClientRequest request;
    request.method = "POST";
    request.url = plan_.target + path;
    request.headers = {{"User-Agent", "TwilioProxy/1.1"},
                       {"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"},
                       {"Accept", "*/*"},
                       {"I-Twilio-Idempotency-Token", ids_.secret(16)},
                       {"X-Twilio-Signature", twilio::sign(plan_.auth_token, plan_.public_url + path, params)}};
    request.body = encode_form(params);
    if (plan_.fault == Fault::duplicate) co_await net::fetch(request);
    co_return co_await net::fetch(std::move(request));
  }

  net::Worker& worker_;
  TwilioCallPlan plan_;
  Ids& ids_;
  const Clock& clock_;
  std::mt19937_64 dice_;
  WallTime began_;
  CallReport report_;
};

}  // namespace

asio::awaitable<Result<CallReport>> place_twilio_call(net::Worker& worker, TwilioCallPlan plan, Ids& ids,
                                                      const Clock& clock) {
  TwilioCall call(worker, std::move(plan), ids, clock);
  co_return co_await call.run();
}

}  // namespace trunkline::sim

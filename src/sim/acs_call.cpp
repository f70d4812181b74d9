#include "sim/acs_callbacks.hpp"
#include "sim/acs_recording_event.hpp"
#include "sim/acs_stream.hpp"
#include "sim/acs_words.hpp"
#include "sim/resample.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/base/wakeup.hpp>
#include <trunkline/net/client.hpp>
#include <trunkline/net/url.hpp>
#include <trunkline/providers/acs/file_status.hpp>
#include <trunkline/providers/acs/incoming_call.hpp>
#include <trunkline/providers/acs/repeatability.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace trunkline::sim {
namespace {

namespace acs = providers::acs;
using nlohmann::json;
using Stage = AcsCall::Stage;

constexpr std::chrono::seconds socket_token_life{24 * 3'600};
constexpr milliseconds reopen_after{300};
constexpr int most_openings = 4;
constexpr milliseconds linger{2'000};     // of a caller who is told nothing any more
constexpr milliseconds patience{60'000};  // beyond what the caller says
constexpr milliseconds step{20};
constexpr milliseconds fetch_patience{60'000};
constexpr milliseconds removal_time{1'000};  // for the last bytes to leave, and a request to delete it

acs::Identifier party(const std::string& name) {
  return name.starts_with('+') ? acs::phone_number(name) : acs::from_raw_id(name);
}

// The last part of a path: opaque, but of use in a report.
std::string call_id_in(const std::string& url) {
  const std::string path = url.substr(0, url.find('?'));
  return path.substr(path.rfind('/') + 1);
}

/// One call between the far end and the gateway. Lives in one coroutine on the service's worker.
class AcsPlayer {
 public:
  AcsPlayer(AcsService& service, AcsCallPlan plan, Ids& ids, const Clock& clock)
      : service_(service),
        plan_(std::move(plan)),
        ids_(ids),
        clock_(clock),
        callbacks_(service_, plan_, report_),
        event_grid_(plan_, ids_, clock_),
        wakeup_(service_.worker().context()) {}
  ~AcsPlayer() {
    // Without its worker this goes with the loop, and so have the sockets, perhaps before it.
    const bool running = net::Worker::current() != nullptr;
    if (call_ != nullptr) call_->on_change = nullptr;
    if (stream_ != nullptr) stream_->leave(running);
    if (words_ != nullptr) words_->leave(running);
  }
  AcsPlayer(const AcsPlayer&) = delete;
  AcsPlayer& operator=(const AcsPlayer&) = delete;

  asio::awaitable<Result<CallReport>> come_in() {
    if (plan_.event_grid.handshake) {
      const auto valid = co_await event_grid_.validate();
      if (!valid) co_return valid.error();
    }
    take(service_.ring(party(plan_.from), party(plan_.to)));
    if (call_ == nullptr) co_return make_error("too_many_calls", "the simulated service has too many calls");
    call_->throttled = plan_.fault == Fault::throttled ? 1 : 0;
    const auto told = co_await announce();
    if (told) co_await ring();
    if (call_->stage == Stage::ringing) {
      service_.hang_up(*call_);
      if (!told) co_return told.error();
      co_return make_error("not_answered", "the gateway took the call and did not answer it");
    }
    if (call_->stage == Stage::rejected || call_->stage == Stage::redirected) {
      report_.rejected = true;
      co_return std::move(report_);
    }
    co_await talk();
    co_await hand_over_recording();
    co_return std::move(report_);
  }

  asio::awaitable<Result<CallReport>> go_out(std::shared_ptr<AcsCall> call) {
    take(std::move(call));
    co_await talk();
    co_await hand_over_recording();
    co_return std::move(report_);
  }

 private:
  void take(std::shared_ptr<AcsCall> call) {
    call_ = std::move(call);
    if (call_ == nullptr) return;
    call_->on_change = [this] { wakeup_.wake_now(); };
    for (const AcsKey& key : plan_.keys) call_->keys += key.key;
  }

  asio::awaitable<Result<>> announce() {
    const json data = {{"to", acs::to_wire(call_->to)},
                       {"from", acs::to_wire(call_->from)},
                       {"serverCallId", call_->server_call_id},
                       {"callerDisplayName", ""},
                       {"customContext", {{"sipHeaders", json::object()}, {"voipHeaders", json::object()}}},
                       {"incomingCallContext", call_->incoming_call_context},
                       {"correlationId", call_->correlation_id}};
    std::string subject = "/caller/" + call_->from.raw_id + "/recipient/" + call_->to.raw_id;
    co_return co_await event_grid_.deliver(std::string(acs::incoming_call_type), std::move(subject), data.dump());
  }

  asio::awaitable<void> ring() {
    const MonoTime limit = std::chrono::steady_clock::now() + plan_.ring_limit;
    while (call_->stage == Stage::ringing && std::chrono::steady_clock::now() < limit) {
      wakeup_.take();
      co_await rest_until(limit);
    }
  }

  // Until the call is over and everything about it was sent.
  asio::awaitable<void> talk() {
    begin();
    while (true) {
      wakeup_.take();
      look_after_sockets();
      if (std::chrono::steady_clock::now() >= hang_up_at_) hang_up();
      if (!call_->events.empty()) {
        AcsEvent event = std::move(call_->events.front());
        call_->events.pop_front();
        co_await callbacks_.send(std::move(event));
      } else if (call_->stage == Stage::over) {
        break;
      } else {
        co_await rest_until(waits_to_open() ? std::min(hang_up_at_, reopen_at_) : hang_up_at_);
      }
    }
    co_await callbacks_.send_late();
  }

  // The process may end with the call: the recording is there until it was fetched, and a little longer.
  asio::awaitable<void> hand_over_recording() {
    if (plan_.recording.empty()) co_return;
    const auto kept = service_.keep(plan_.recording);
    if (!kept) {
      report_.webhook_error = kept.error().message;
      co_return;
    }
    AcsFile& file = **kept;
    file.fault = plan_.recording_fault;
    file.on_change = [this] { wakeup_.wake_now(); };
    const std::string data = acs_recording_data(service_.endpoint(), file, began_at_, clock_.wall());
    std::string subject = "/recording/call/" + call_->correlation_id + "/serverCallId/" + call_->server_call_id +
                          "/recordingId/" + acs_recording_id(file);
    const auto told = co_await event_grid_.deliver(std::string(acs::file_status_type), std::move(subject), data);
    if (!told) report_.webhook_error = told.error().message;
    const MonoTime limit = std::chrono::steady_clock::now() + fetch_patience;
    while (told && !file.fetched && std::chrono::steady_clock::now() < limit) {
      wakeup_.take();
      co_await rest_until(limit);
    }
    file.on_change = nullptr;
    if (told && !file.fetched) report_.webhook_error = "the recording was not fetched";
    co_await pause(removal_time);
  }

  void begin() {
    began_at_ = clock_.wall();
    report_.provider_call_id = call_->connection_id;
    report_.answer = call_->answer;
    report_.call_id = call_id_in(call_->media ? call_->media->url : call_->callback_uri);
    began_ = std::chrono::steady_clock::now();
    std::size_t samples = plan_.audio.size();
    for (const AcsSpeaker& speaker : plan_.speakers) samples = std::max(samples, speaker.audio.size());
    const milliseconds spoken{samples * 1'000 / plan_.sample_rate};
    const bool listens = plan_.media && call_->media.has_value();
    hang_up_at_ = began_ + (listens ? spoken + patience : plan_.media ? spoken : milliseconds{0});
  }

  asio::awaitable<void> rest_until(MonoTime time) {
    const auto left = std::chrono::ceil<milliseconds>(time - std::chrono::steady_clock::now());
    co_await wakeup_.rest(std::max(left, milliseconds{0}));
  }

  bool waits_to_open() const { return call_->streaming && call_->media && plan_.media && stream_ == nullptr; }

  // Opens what is wanted and is not there, closes what is there and not wanted.
  void look_after_sockets() {
    const bool streaming = call_->streaming && call_->media && plan_.media;
    if (waits_to_open() && std::chrono::steady_clock::now() >= reopen_at_) open_stream();
    if (!streaming && stream_ != nullptr) {
      close_stream();
      if (call_->stage == Stage::connected)
        tell_media("MediaStreamingStopped", "mediaStreamingStopped", "subscriptionStopped");
    }
    const bool transcribing = call_->transcribing && call_->transcription && plan_.media;
    if (transcribing && words_ == nullptr) open_words();
    if (!transcribing && words_ != nullptr) {
      words_->leave(true);
      words_ = nullptr;
      if (call_->stage == Stage::connected)
        tell_words("TranscriptionStopped", "transcriptionStopped", "subscriptionStopped");
    }
  }

  net::WebSocketRequest socket_request(const std::string& url) const {
    net::WebSocketRequest request;
    request.url = at_target(plan_.target, url, true);
    request.headers = {{"x-ms-call-connection-id", call_->connection_id},
                       {"x-ms-call-correlation-id", call_->correlation_id},
                       {"Authorization", "Bearer " + service_.token(socket_token_life)}};
    return request;
  }

  void open_stream() {
    const AcsMedia& media = *call_->media;
    const bool again = openings_++ > 0;
    const auto now = std::chrono::steady_clock::now();
    if (!again) {
      first_ = clock_.wall();
      opened_ = now;
      subscription_ = acs::uuid_of(ids_.secret(16));
      report_.heard_rate = media.sample_rate;
    }
    AcsStream::Options options;
    options.start.subscription_id = subscription_;
    options.start.format = {media::Encoding::pcm16, media.sample_rate};
    options.start.frame_bytes = acs::bytes_of(options.start.format, step.count());
    options.unmixed = media.unmixed;
    options.bidirectional = media.bidirectional;
    options.dtmf = media.dtmf;
    options.speakers = speakers(media.sample_rate);
    options.keys = plan_.keys;
    options.first = first_;
    options.begin = static_cast<std::uint64_t>((now - opened_) / step);
    options.breaks = plan_.fault == Fault::half_close && !again;
    options.fault = plan_.fault;
    options.seed = plan_.seed;
    AcsStream::Listener listener;
    listener.opened = [this, again] {
      tell_media("MediaStreamingStarted", "mediaStreamingStarted",
                 again ? "streamConnectionReestablished" : "subscriptionStarted");
    };
    listener.pressed = [this](char key) { service_.press(*call_, key); };
    listener.over = [this](AcsSocketEnd end) { on_stream_over(end); };
    stream_ = std::make_shared<AcsStream>(service_.worker(), std::move(options), report_, std::move(listener));
    net::open_websocket(service_.worker(), socket_request(media.url), stream_);
  }

  std::vector<AcsSpeaker> speakers(std::uint32_t rate) const {
    std::vector<AcsSpeaker> out;
    out.push_back(
        {call_->outbound ? call_->to.raw_id : call_->from.raw_id, resample(plan_.audio, plan_.sample_rate, rate)});
    for (const AcsSpeaker& one : plan_.speakers)
      out.push_back({one.raw_id, resample(one.audio, plan_.sample_rate, rate)});
    return out;
  }

  void on_stream_over(AcsSocketEnd end) {
    const auto now = std::chrono::steady_clock::now();
    if (end == AcsSocketEnd::finished) {
      hang_up_at_ = now;
    } else if (end == AcsSocketEnd::broken && openings_ < most_openings) {
      stream_ = nullptr;
      reopen_at_ = now + reopen_after;
    } else {
      stream_ = nullptr;
      call_->streaming = false;
      hang_up_at_ = std::min(hang_up_at_, now + linger);
      if (end == AcsSocketEnd::closed) {
        tell_media("MediaStreamingStopped", "mediaStreamingStopped", "subscriptionStopped");
      } else {
        tell_media("MediaStreamingFailed", "mediaStreamingFailed", "initialWebSocketConnectionFailed");
      }
    }
    wakeup_.wake_now();
  }

  void close_stream() {
    stream_->leave(plan_.fault != Fault::no_stop);
    stream_ = nullptr;
  }

  void hang_up() {
    hang_up_at_ = MonoTime::max();
    if (call_->stage != Stage::connected) return;
    const bool streamed = stream_ != nullptr;
    if (streamed) close_stream();
    if (words_ != nullptr) {
      words_->leave(true);
      words_ = nullptr;
      tell_words("TranscriptionStopped", "transcriptionStopped", "subscriptionStopped");
    }
    if (streamed && plan_.fault != Fault::no_stop) {
      tell_media("MediaStreamingStopped", "mediaStreamingStopped", "subscriptionStopped");
    }
    service_.hang_up(*call_);
  }

  void open_words() {
    AcsWords::Options options;
    options.start = {acs::uuid_of(ids_.secret(16)), call_->transcription->locale, call_->connection_id,
                     call_->correlation_id};
    options.segments = plan_.segments;
    options.intermediate = call_->transcription->intermediate;
    for (AcsSegment& one : options.segments) {
      if (one.segment.participant.empty()) one.segment.participant = call_->from.raw_id;
    }
    AcsWords::Listener listener;
    listener.opened = [this] { tell_words("TranscriptionStarted", "transcriptionStarted", "subscriptionStarted"); };
    listener.over = [this](const net::CloseInfo& info, bool opened) {
      words_ = nullptr;
      call_->transcribing = false;
      if (opened) return tell_words("TranscriptionStopped", "transcriptionStopped", "subscriptionStopped");
      report_.media_error = "the transcription socket did not open: " + info.reason;
      tell_words("TranscriptionFailed", "transcriptionFailed", "streamConnectionUnsuccessful");
    };
    words_ = std::make_shared<AcsWords>(service_.worker(), clock_, std::move(options), std::move(listener));
    net::open_websocket(service_.worker(), socket_request(call_->transcription->url), words_);
  }

  void tell_media(std::string_view name, const char* status, const char* details) {
    json more = {
        {"mediaStreamingUpdate",
         {{"contentType", "Audio"}, {"mediaStreamingStatus", status}, {"mediaStreamingStatusDetails", details}}}};
    if (name == "MediaStreamingFailed") more["resultInformation"] = unreachable();
    service_.tell(*call_, name, more.dump());
  }

  void tell_words(std::string_view name, const char* status, const char* details) {
    json more = {{"transcriptionUpdate", {{"transcriptionStatus", status}, {"transcriptionStatusDetails", details}}}};
    if (name == "TranscriptionFailed") more["resultInformation"] = unreachable();
    service_.tell(*call_, name, more.dump());
  }

  static json unreachable() {
    return {{"code", 500}, {"subCode", 8581}, {"message", "Action failed, could not connect to the WebSocket URL."}};
  }

  AcsService& service_;
  const AcsCallPlan plan_;
  Ids& ids_;
  const Clock& clock_;
  CallReport report_;
  AcsCallbacks callbacks_;
  EventGridSubscription event_grid_;
  Wakeup wakeup_;
  std::shared_ptr<AcsCall> call_;
  std::shared_ptr<AcsStream> stream_;
  std::shared_ptr<AcsWords> words_;
  std::string subscription_;
  WallTime first_;
  MonoTime began_;
  WallTime began_at_;
  MonoTime opened_;
  MonoTime hang_up_at_ = MonoTime::max();
  MonoTime reopen_at_;
  int openings_ = 0;
};

}  // namespace

asio::awaitable<Result<CallReport>> place_acs_call(AcsService& service, AcsCallPlan plan, Ids& ids,
                                                   const Clock& clock) {
  AcsPlayer player(service, std::move(plan), ids, clock);
  co_return co_await player.come_in();
}

asio::awaitable<Result<CallReport>> take_acs_call(AcsService& service, std::shared_ptr<AcsCall> call, AcsCallPlan plan,
                                                  Ids& ids, const Clock& clock) {
  AcsPlayer player(service, std::move(plan), ids, clock);
  co_return co_await player.go_out(std::move(call));
}

}  // namespace trunkline::sim

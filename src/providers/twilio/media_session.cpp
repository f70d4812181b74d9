#include <trunkline/observe/log.hpp>
#include <trunkline/providers/twilio/media_session.hpp>
#include <trunkline/providers/twilio/stream_machine.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <utility>

namespace trunkline::providers::twilio {
namespace {

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

// "bad-payload 2, before-start 10"; empty when everything was of use.
std::string ignored_text(const StreamCounters& counters) {
  std::string text;
  for (std::size_t i = 0; i < ignored_count; ++i) {
    if (counters.ignored[i] == 0) continue;
    if (!text.empty()) text += ", ";
    text.append(to_string(static_cast<Ignored>(i))).append(" ").append(std::to_string(counters.ignored[i]));
  }
  return text;
}

class MediaSession final : public net::WebSocketHandler, public Carrier {
 public:
  MediaSession(const MediaServices& services, net::Worker& worker, std::string call_id, milliseconds idle_timeout)
      : clock_(services.clock),
        metrics_(services.metrics),
        call_id_(std::move(call_id)),
        leg_(std::make_shared<MediaLeg>(services, worker, *this)),
        machine_(clock_.mono(), StreamMachineLimits{.idle_timeout = idle_timeout}) {}

  ~MediaSession() override { leg_->detach(); }

  void on_open(net::WebSocket& socket) override { socket_ = &socket; }

  void on_text(std::string_view message) override {
    if (batch_began_ == MonoTime{}) batch_began_ = clock_.mono();
    perform(machine_.step(message, batch_began_));
  }

  void on_binary(std::span<const std::uint8_t> /*message*/) override {
    perform(CloseSocket{net::CloseCode::unsupported_data, "media streams are text", media::EndCause::protocol_error});
  }

  void on_batch_end() override {
    leg_->end_batch(batch_began_);
    batch_began_ = {};
  }

  void on_tick(MonoTime now) override {
    perform(machine_.tick(now));
    leg_->tick(now);
    export_ignored();
  }

  void on_close(const net::CloseInfo& info) override {
    socket_ = nullptr;
    leg_->detach();
    leg_->end(media::EndCause::closed);
    export_ignored();
    const StreamCounters& counters = machine_.counters();
    log::info("media socket closed", {{"callId", call_id_},
                                      {"code", static_cast<unsigned>(info.code)},
                                      {"frames", counters.media},
                                      {"missing", counters.missing},
                                      {"outOfOrder", counters.out_of_order},
                                      {"ignored", ignored_text(counters)}});
  }

 private:
  void perform(const StreamAction& action) {
    std::visit(
        Overloaded{[](std::monostate) {}, [](Ignored) {}, [this](const Started& started) { begin(*started.start); },
                   [this](const MediaReceived& media) {
                     leg_->receive(media.track, media.timestamp_ms, media.payload, batch_began_);
                   },
                   [this](const MarkEchoed& mark) { leg_->mark_echoed(std::string(mark.name)); },
                   [this](const DtmfReceived& dtmf) { leg_->dtmf(dtmf.digit, media::Track::inbound); },
                   [this](const Stopped&) { leg_->end(media::EndCause::stop); },
                   [this](const CloseSocket& close) {
                     // Before the leg closes it: the first close is the one that the peer sees.
                     hang_up(close.code, std::string(close.reason));
                     leg_->end(close.cause);
                   }},
        action);
  }

  void export_ignored() {
    const auto& now = machine_.counters().ignored;
    for (std::size_t i = 0; i < ignored_count; ++i) {
      if (now[i] == exported_[i]) continue;
      metrics_.media_messages_ignored(to_string(static_cast<Ignored>(i)))
          .add(static_cast<double>(now[i] - exported_[i]));
    }
    exported_ = now;
  }

  void begin(const StreamStart& start) {
    stream_sid_ = start.stream_sid;
    LegStart leg;
    leg.call_id = call_id_;
    leg.provider_call_id = start.call_sid;
    const auto token = start.parameters.find("token");
    if (token != start.parameters.end()) leg.token = token->second;
    leg.stream_id = start.stream_sid;
    leg.format = start.format;
    // A forked stream (<Start><Stream>) listens to both sides; one that carries only the caller is <Connect>'s.
    leg.bidirectional = start.tracks.size() < media::track_count;
    // After <Connect> the call is hung up by its own TwiML; a forked stream may end while the parties talk on.
    leg.carries_call = leg.bidirectional;
    auto tracks = nlohmann::json::array();
    for (const media::Track track : start.tracks) tracks.push_back(media::to_string(track));
    leg.data = nlohmann::json{{"streamId", start.stream_sid},
                              {"tracks", tracks},
                              {"encoding", "audio/x-mulaw"},
                              {"sampleRate", start.format.sample_rate}}
                   .dump();
    leg_->start(std::move(leg));
  }

  void send_audio(std::span<const std::uint8_t> audio) override {
    out_.clear();
    append_media(out_, stream_sid_, audio);
    send();
  }

  void send_mark(const std::string& name) override {
    out_.clear();
    append_mark(out_, stream_sid_, name);
    send();
  }

  void send_clear() override {
    out_.clear();
    append_clear(out_, stream_sid_);
    send();
  }

  void send() {
    if (socket_ == nullptr || socket_->send_text(out_)) return;
    log::warn("the carrier reads too slowly", {{"callId", call_id_}, {"unsentBytes", socket_->unsent_bytes()}});
    socket_->close(net::CloseCode::try_again_later, "reading too slowly");
  }

  void flush() override {
    if (socket_ != nullptr) socket_->flush();
  }

  void hang_up(net::CloseCode code, const std::string& reason) override {
    if (socket_ != nullptr) socket_->close(code, reason);
  }

  const Clock& clock_;
  observe::Metrics& metrics_;
  const std::string call_id_;
  std::shared_ptr<MediaLeg> leg_;
  StreamMachine machine_;
  std::array<std::uint64_t, ignored_count> exported_{};  // what the metrics know of
  net::WebSocket* socket_ = nullptr;
  std::string stream_sid_;
  std::string out_;
  MonoTime batch_began_;
};

}  // namespace

std::shared_ptr<net::WebSocketHandler> make_media_session(const MediaServices& services, net::Worker& worker,
                                                          std::string call_id, milliseconds idle_timeout) {
  return std::make_shared<MediaSession>(services, worker, std::move(call_id), idle_timeout);
}

}  // namespace trunkline::providers::twilio

#include <trunkline/base/overloaded.hpp>
#include <trunkline/providers/media_socket.hpp>
#include <trunkline/providers/twilio/media_session.hpp>
#include <trunkline/providers/twilio/stream_machine.hpp>

#include <nlohmann/json.hpp>

#include <utility>

namespace trunkline::providers::twilio {
namespace {

class MediaSession final : public MediaSocket {
 public:
  MediaSession(const MediaServices& services, net::Worker& worker, std::string call_id, milliseconds idle_timeout)
      : MediaSocket(services, worker, std::move(call_id)),
        machine_(services.clock.mono(), StreamMachineLimits{.idle_timeout = idle_timeout}) {}

 private:
  void take(std::string_view message) override { perform(machine_.step(message, batch_began())); }
  void look_at_time(MonoTime now) override { perform(machine_.tick(now)); }

  std::vector<Ignored> ignored() const override {
    std::vector<Ignored> all;
    all.reserve(ignored_count);
    for (std::size_t i = 0; i < ignored_count; ++i) {
      all.push_back({to_string(static_cast<twilio::Ignored>(i)), machine_.counters().ignored[i]});
    }
    return all;
  }

  std::string summary() const override {
    const StreamCounters& counters = machine_.counters();
    return std::to_string(counters.media) + " frames, " + std::to_string(counters.missing) + " missing, " +
           std::to_string(counters.out_of_order) + " out of order";
  }

  void perform(const StreamAction& action) {
    std::visit(Overloaded{[](std::monostate) {}, [](twilio::Ignored) {},
                          [this](const Started& started) { begin(*started.start); },
                          [this](const MediaReceived& media) {
                            leg().receive(media.track, media.timestamp_ms, media.payload, batch_began());
                          },
                          [this](const MarkEchoed& mark) { leg().mark_echoed(std::string(mark.name)); },
                          [this](const DtmfReceived& dtmf) { leg().dtmf(dtmf.digit, media::Track::inbound); },
                          [this](const Stopped&) { leg().end(media::EndCause::stop); },
                          [this](const CloseSocket& closing) { close(closing.code, closing.reason, closing.cause); }},
               action);
  }

  void begin(const StreamStart& start) {
    stream_sid_ = start.stream_sid;
    LegStart leg;
    leg.call_id = call_id();
    leg.provider_call_id = start.call_sid;
    const auto token = start.parameters.find("token");
    if (token != start.parameters.end()) leg.token = token->second;
    leg.stream_id = start.stream_sid;
    leg.format = start.format;
    // A forked stream (<Start><Stream>) listens to both sides; one that carries only the caller is <Connect>'s.
    leg.bidirectional = start.tracks.size() < 2;
    // After <Connect> the call is hung up by its own TwiML; a forked stream may end while the parties talk on.
    leg.carries_call = leg.bidirectional;
    auto tracks = nlohmann::json::array();
    for (const media::Track track : start.tracks) tracks.push_back(media::to_string(track));
    leg.data = nlohmann::json{{"streamId", start.stream_sid},
                              {"tracks", tracks},
                              {"encoding", "audio/x-mulaw"},
                              {"sampleRate", start.format.sample_rate}}
                   .dump();
    this->leg().start(std::move(leg));
  }

  void send_audio(std::span<const std::uint8_t> audio) override {
    out_.clear();
    append_media(out_, stream_sid_, audio);
    send(out_);
  }

  void send_mark(const std::string& name) override {
    out_.clear();
    append_mark(out_, stream_sid_, name);
    send(out_);
  }

  void send_clear() override {
    out_.clear();
    append_clear(out_, stream_sid_);
    send(out_);
  }

  StreamMachine machine_;
  std::string stream_sid_;
  std::string out_;
};

}  // namespace

std::shared_ptr<net::WebSocketHandler> make_media_session(const MediaServices& services, net::Worker& worker,
                                                          std::string call_id, milliseconds idle_timeout) {
  return std::make_shared<MediaSession>(services, worker, std::move(call_id), idle_timeout);
}

}  // namespace trunkline::providers::twilio

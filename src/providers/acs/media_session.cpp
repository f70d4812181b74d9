#include "providers/acs/voices.hpp"

#include <trunkline/base/overloaded.hpp>
#include <trunkline/providers/acs/identifier.hpp>
#include <trunkline/providers/acs/media_codec.hpp>
#include <trunkline/providers/acs/media_machine.hpp>
#include <trunkline/providers/acs/sessions.hpp>
#include <trunkline/providers/media_socket.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace trunkline::providers::acs {
namespace {

constexpr std::int64_t frame_ms = 20;
constexpr milliseconds return_patience{2'000};

const std::string& far_end_of(const calls::Call& call) {
  return call.direction == calls::Direction::inbound ? call.from : call.to;
}

class MediaSession final : public MediaSocket {
 public:
  MediaSession(const MediaServices& services, net::Worker& worker, const calls::Call& call, MediaSessionOptions options)
      : MediaSocket(services, worker, call.id),
        provider_call_id_(call.provider_call_id),
        token_(std::move(options.token)),
        unmixed_(options.unmixed),
        socket_number_(to_millis(services.clock.wall())),
        machine_(services.clock.mono(), SocketLimits{.idle_timeout = options.idle_timeout}),
        voices_(options.unmixed ? far_end_of(call) : "") {}

 private:
  void take(std::string_view message) override { perform(machine_.step(message, batch_began())); }
  void look_at_time(MonoTime now) override { perform(machine_.tick(now)); }

  std::vector<Ignored> ignored() const override {
    std::vector<Ignored> all;
    all.reserve(ignored_count);
    for (std::size_t i = 0; i < ignored_count; ++i) {
      all.push_back({to_string(static_cast<acs::Ignored>(i)), machine_.ignored()[i]});
    }
    return all;
  }

  std::string summary() const override {
    const MediaCounters& counters = machine_.counters();
    return std::to_string(counters.media) + " frames, " + std::to_string(counters.silent) + " without a voice, " +
           std::to_string(counters.without_time) + " without a time";
  }

  void perform(const MediaAction& action) {
    std::visit(Overloaded{[](std::monostate) {}, [](acs::Ignored) {},
                          [this](const Started& started) { begin(*started.start); },
                          [this](const MediaReceived& media) { hear(media); },
                          [this](const DtmfReceived& dtmf) { leg().dtmf(dtmf.digit, track_of(dtmf)); },
                          [this](const CloseSocket& closing) { close(closing.code, closing.reason, closing.cause); }},
               action);
  }

  // The subscription is the same after the service has opened its socket again, which is another stream of ours.
  void begin(const StreamStart& start) {
    format_ = start.format;
    frame_.resize(bytes_of(format_, frame_ms));
    LegStart leg;
    leg.call_id = call_id();
    leg.provider_call_id = provider_call_id_;
    leg.token = std::exchange(token_, {});
    leg.stream_id = start.subscription_id + "/" + std::to_string(socket_number_);
    leg.format = format_;
    leg.unmixed = unmixed_;
    leg.echoes_marks = false;
    leg.carries_call = false;
    leg.returns = true;
    leg.return_patience = return_patience;
    leg.data = nlohmann::json{{"streamId", leg.stream_id},
                              {"tracks", {"inbound"}},
                              {"encoding", "audio/l16"},
                              {"sampleRate", format_.sample_rate}}
                   .dump();
    this->leg().start(std::move(leg));
  }

  void hear(const MediaReceived& media) {
    const std::size_t voice = unmixed_ ? media.participant : 0;
    if (!voices_.knows(voice)) meet(machine_.participants()[voice]);
    const auto length = format_.ms(static_cast<std::int64_t>(media.payload.size() / format_.sample_bytes()));
    const std::int64_t at = voices_.place(voice, media.timestamp_ms, length);
    leg().receive(voices_.track(voice), at, media.payload, batch_began());
  }

  void meet(const std::string& participant) {
    const std::string address = address_of(from_raw_id(participant));
    const media::Track track = voices_.add(address);
    if (unmixed_) leg().name_track(track, participant, address);
  }

  // Of somebody who was never heard nothing is known.
  media::Track track_of(const DtmfReceived& dtmf) const {
    const auto known = machine_.participants();
    const auto voice = static_cast<std::size_t>(std::ranges::find(known, dtmf.participant) - known.begin());
    return unmixed_ && voices_.knows(voice) ? voices_.track(voice) : media::Track::inbound;
  }

  // In frames of 20 ms, the last one filled up: the service's own are like that.
  void send_audio(std::span<const std::uint8_t> audio) override {
    while (!audio.empty()) {
      const auto piece = audio.first(std::min(audio.size(), frame_.size()));
      audio = audio.subspan(piece.size());
      out_.clear();
      if (piece.size() == frame_.size()) {
        append_audio(out_, piece);
      } else {
        const auto rest = std::ranges::copy(piece, frame_.begin()).out;
        std::fill(rest, frame_.end(), std::uint8_t{0});
        append_audio(out_, frame_);
      }
      send(out_);
    }
  }

  void send_mark(const std::string& /*name*/) override {}  // the service has none: see LegStart::echoes_marks

  void send_clear() override {
    out_.clear();
    append_stop(out_);
    send(out_);
  }

  const std::string provider_call_id_;
  std::string token_;
  const bool unmixed_;
  const std::int64_t socket_number_;
  MediaMachine machine_;
  Voices voices_;
  media::Format format_;
  std::vector<std::uint8_t> frame_;
  std::string out_;
};

}  // namespace

std::shared_ptr<net::WebSocketHandler> make_media_session(const MediaServices& services, net::Worker& worker,
                                                          const calls::Call& call, MediaSessionOptions options) {
  return std::make_shared<MediaSession>(services, worker, call, std::move(options));
}

}  // namespace trunkline::providers::acs

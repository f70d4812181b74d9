#include <trunkline/providers/acs/media_codec.hpp>
#include <trunkline/providers/acs/media_machine.hpp>
#include <trunkline/providers/acs/sessions.hpp>
#include <trunkline/providers/media_socket.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace trunkline::providers::acs {
namespace {

constexpr std::int64_t frame_ms = 20;
constexpr milliseconds return_patience{2'000};

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

class MediaSession final : public MediaSocket {
 public:
  MediaSession(const MediaServices& services, net::Worker& worker, const calls::Call& call, std::string token,
               milliseconds idle_timeout)
      : MediaSocket(services, worker, call.id),
        provider_call_id_(call.provider_call_id),
        token_(std::move(token)),
        opened_(services.clock.mono()),
        socket_number_(to_millis(services.clock.wall())),
        machine_(opened_, SocketLimits{.idle_timeout = idle_timeout}) {}

  void on_binary(std::span<const std::uint8_t> /*message*/) override {
    close(net::CloseCode::unsupported_data, "media streams are text", media::EndCause::protocol_error);
  }

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
                          [this](const MediaReceived& media) {
                            leg().receive(media::Track::inbound, time_of(media), media.payload, batch_began());
                          },
                          [this](const DtmfReceived& dtmf) { leg().dtmf(dtmf.digit, media::Track::inbound); },
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

  // Since the first frame. One that does not say when it was is taken for the next.
  std::int64_t time_of(const MediaReceived& media) {
    const auto length = format_.ms(static_cast<std::int64_t>(media.payload.size() / format_.sample_bytes()));
    std::int64_t at = next_ms_;
    if (media.timestamp_ms) {
      if (!first_ms_) first_ms_ = *media.timestamp_ms - next_ms_;
      at = *media.timestamp_ms - *first_ms_;
    }
    next_ms_ = at + length;
    return at;
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
  const MonoTime opened_;
  const std::int64_t socket_number_;
  MediaMachine machine_;
  media::Format format_;
  std::vector<std::uint8_t> frame_;
  std::optional<std::int64_t> first_ms_;
  std::int64_t next_ms_ = 0;
  std::string out_;
};

}  // namespace

std::shared_ptr<net::WebSocketHandler> make_media_session(const MediaServices& services, net::Worker& worker,
                                                          const calls::Call& call, std::string token,
                                                          milliseconds idle_timeout) {
  return std::make_shared<MediaSession>(services, worker, call, std::move(token), idle_timeout);
}

}  // namespace trunkline::providers::acs

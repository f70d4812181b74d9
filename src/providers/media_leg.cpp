#include <trunkline/observe/log.hpp>
#include <trunkline/providers/media_leg.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include <utility>

namespace trunkline::providers {
namespace {

using nlohmann::json;

/// Audio that may wait for the token check, with what is kept about each frame: of both tracks some five seconds at
/// 8 kHz, and two and a half at 24 kHz.
constexpr std::size_t max_early_bytes = 256 * 1024;
/// Digits that may: more than anybody dials in that time.
constexpr std::size_t max_early_digits = 64;
bool is_loss(media::EndCause cause) {
  return cause == media::EndCause::closed || cause == media::EndCause::idle || cause == media::EndCause::stream_error;
}

/// One batch in so many is timed: enough for a distribution, too few to cost.
constexpr std::uint32_t timed_batches = 64;

}  // namespace

MediaLeg::MediaLeg(const MediaServices& services, net::Worker& worker, Carrier& carrier)
    : services_(services),
      worker_(worker),
      carrier_(&carrier),
      playout_timer_(worker.context()),
      frames_{services.metrics.media_frames("inbound"), services.metrics.media_frames("outbound")},
      late_(services.metrics.media_frames_late()),
      gaps_(services.metrics.media_gaps()),
      lost_ms_(services.metrics.media_lost_ms()),
      active_(services.metrics.media_streams_active()),
      relay_delay_(services.metrics.relay_delay()),
      sink_figures_(services.metrics) {}

MediaLeg::~MediaLeg() = default;

void MediaLeg::start(LegStart start) {
  start_ = std::move(start);
  phase_ = Phase::attaching;
  stream_.emplace(start_.format, services_.clock.mono());
  asio::co_spawn(worker_.context(), [self = shared_from_this()] { return self->attach(); }, asio::detached);
}

asio::awaitable<void> MediaLeg::attach() {
  calls::MediaStart request{start_.call_id,           start_.provider_call_id, start_.token,
                            start_.stream_id,         start_.bidirectional,    start_.data,
                            start_.format.sample_rate};
  auto grant = co_await services_.calls.start_media(std::move(request));
  if (!grant) {
    phase_ = Phase::ended;
    log::warn("media refused", {{"callId", start_.call_id}, {"reason", grant.error().code}});
    if (carrier_ != nullptr) carrier_->hang_up(net::CloseCode::policy_violation, grant.error().message);
    co_return;
  }
  const auto executor = worker_.context().get_executor();
  registered_ = start_.returns ? services_.streams.replace(start_.call_id, executor, weak_from_this())
                               : services_.streams.add(start_.call_id, executor, weak_from_this());
  if (!registered_) {
    end(media::EndCause::no_place);
    log::error("no place for another media stream", {{"callId", start_.call_id}});
  }
  run(*grant);
}

void MediaLeg::run(const calls::MediaGrant& grant) {
  phase_ = Phase::running;
  active_.add(1);
  stream_->add_sink(media::make_quality_meter(start_.format, *this, {.outbound_received = !start_.bidirectional}));
  for (auto& sink : services_.sinks.make_sinks(grant, start_.format, start_.unmixed)) {
    stream_->add_sink(std::move(sink));
  }
  take_early();
  log::info("media started", {{"callId", start_.call_id}, {"streamId", start_.stream_id}});
  if (pending_end_) return end(*pending_end_);

  if (start_.bidirectional) {
    playout_.emplace(start_.format, media::PlayoutLimits{.echoes = start_.echoes_marks});
    std::vector<std::string> texts;
    for (const auto& text : {grant.route.announcement, grant.route.greeting}) {
      if (!text.empty() && !grant.returned) texts.push_back(text);
    }
    if (!texts.empty()) {
      asio::co_spawn(
          worker_.context(),
          [self = shared_from_this(), texts = std::move(texts)]() mutable { return self->speak(std::move(texts)); },
          asio::detached);
    }
  }
}

void MediaLeg::take_early() {
  for (const Early& early : std::exchange(early_, {})) {
    if (const auto* audio = std::get_if<EarlyAudio>(&early)) {
      stream_->receive(audio->track, audio->timestamp_ms, audio->payload, audio->arrived);
    } else if (const auto* pressed = std::get_if<EarlyDigit>(&early)) {
      dtmf(pressed->digit, pressed->track);
    } else {
      const auto& heard = std::get<EarlyName>(early);
      name_track(heard.track, heard.participant, heard.address);
    }
  }
  stream_->end_batch();
}

asio::awaitable<void> MediaLeg::speak(std::vector<std::string> texts) {
  const auto self = shared_from_this();
  for (auto& text : texts) {
    const auto audio = co_await services_.synthesizer.speak(std::move(text), start_.format);
    if (phase_ != Phase::running) co_return;
    auto queued = audio ? playout_->queue_audio(*audio) : Result<>(audio.error());
    if (queued) queued = playout_->queue_mark("spoken-" + std::to_string(++spoken_));
    if (!queued) {
      log::error("the greeting was not spoken", {{"callId", start_.call_id}, {"reason", queued.error().code}});
      co_return;
    }
    step_playout();
  }
}

void MediaLeg::receive(media::Track track, std::int64_t timestamp_ms, std::span<const std::uint8_t> payload,
                       MonoTime now) {
  if (phase_ == Phase::running) {
    stream_->receive(track, timestamp_ms, payload, now);
  } else if (phase_ == Phase::attaching && early_bytes_ + payload.size() + sizeof(Early) <= max_early_bytes) {
    early_bytes_ += payload.size() + sizeof(Early);
    early_.emplace_back(EarlyAudio{track, timestamp_ms, {payload.begin(), payload.end()}, now});
  }
}

void MediaLeg::name_track(media::Track track, const std::string& participant, const std::string& address) {
  if (phase_ == Phase::attaching) early_.emplace_back(EarlyName{track, participant, address});
  if (phase_ != Phase::running) return;
  services_.calls.append_later(start_.call_id, calls::EventType::track_started,
                               json{{"streamId", start_.stream_id},
                                    {"track", media::to_string(track)},
                                    {"participant", participant},
                                    {"address", address}}
                                   .dump(-1, ' ', false, json::error_handler_t::replace));
}

void MediaLeg::dtmf(char digit, media::Track track) {
  if (phase_ == Phase::attaching && early_digits_ < max_early_digits) {
    ++early_digits_;
    early_.emplace_back(EarlyDigit{digit, track});
  }
  if (phase_ != Phase::running) return;
  services_.calls.append_later(
      start_.call_id, calls::EventType::dtmf_received,
      json{{"digit", std::string(1, digit)}, {"track", media::to_string(track)}, {"atMs", stream_->duration_ms()}}
          .dump());
}

void MediaLeg::mark_echoed(const std::string& name) {
  if (playout_) playout_->mark_echoed(name, *this);
}

void MediaLeg::end_batch(MonoTime now) {
  if (phase_ != Phase::running) return;
  stream_->end_batch();
  if (++batches_ % timed_batches == 0) relay_delay_.observe(services_.clock.mono() - now);
}

void MediaLeg::tick(MonoTime /*now*/) {
  if (phase_ == Phase::running) export_counters();
}

void MediaLeg::add_sink(std::shared_ptr<media::Sink> sink) {
  if (phase_ == Phase::running) {
    stream_->add_sink(std::move(sink));
  } else {
    sink->on_end(media::EndCause::closed);
  }
}

void MediaLeg::remove_sink(const media::Sink& sink) {
  if (phase_ != Phase::running) return;
  sink_figures_.release(sink);
  stream_->remove_sink(sink);
}

void MediaLeg::end(media::EndCause cause) {
  if (phase_ == Phase::attaching) {
    if (!pending_end_) pending_end_ = cause;  // the first is why; the others follow from it
    return;
  }
  if (phase_ != Phase::running) return;
  const auto self = shared_from_this();
  phase_ = Phase::ended;
  playout_timer_.cancel();
  export_counters();
  stream_->end(cause);
  for (const auto& sink : stream_->sinks()) sink_figures_.release(*sink);
  if (registered_) services_.streams.remove(start_.call_id, *this);  // or it is another stream's place
  active_.add(-1);
  const bool call_ends = start_.carries_call || cause == media::EndCause::stop;
  const auto& inbound = stream_->counters(media::Track::inbound);
  services_.calls.append_later(start_.call_id, calls::EventType::media_ended,
                               json{{"streamId", start_.stream_id},
                                    {"cause", media::to_string(cause)},
                                    {"durationMs", stream_->duration_ms()},
                                    {"gaps", inbound.gaps},
                                    {"late", inbound.late},
                                    {"callEnds", call_ends}}
                                   .dump());
  log::info("media ended",
            {{"callId", start_.call_id}, {"cause", media::to_string(cause)}, {"durationMs", stream_->duration_ms()}});
  if (carrier_ != nullptr) carrier_->hang_up(net::CloseCode::normal, std::string(media::to_string(cause)));
  if (start_.returns && is_loss(cause)) {
    asio::co_spawn(worker_.context(), [self] { return self->miss_media(); }, asio::detached);
  }
}

// The socket may also have gone because the call is over, which is told a moment later.
asio::awaitable<void> MediaLeg::miss_media() {
  asio::steady_timer timer(worker_.context(), start_.return_patience);
  co_await timer.async_wait(asio::use_awaitable);
  const auto call = co_await services_.calls.find(start_.call_id);
  const bool is_newest = call && call->merge.stream && call->merge.stream->id == start_.stream_id;
  if (!is_newest || call->state != calls::State::connected) co_return;
  services_.calls.append_later(start_.call_id, calls::EventType::call_reconnecting, R"({"reason":"media-lost"})");
}

void MediaLeg::step_playout() {
  playout_->step(services_.clock.mono(), *this);
  if (carrier_ != nullptr) carrier_->flush();
  arm_playout();
}

void MediaLeg::arm_playout() {
  const auto due = playout_->next_due();
  if (!due) return;
  playout_timer_.expires_at(*due);
  playout_timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error && self->phase_ == Phase::running) self->step_playout();
  });
}

void MediaLeg::export_counters() {
  exported_.resize(stream_->tracks());
  for (std::size_t i = 0; i < exported_.size(); ++i) {
    const auto track = static_cast<media::Track>(i);
    const media::TrackCounters& now = stream_->counters(track);
    media::TrackCounters& before = exported_[i];
    frames_[track == media::Track::outbound ? 1 : 0].add(
        static_cast<double>(now.frames + now.late - before.frames - before.late));
    late_.add(static_cast<double>(now.late - before.late));
    gaps_.add(static_cast<double>(now.gaps - before.gaps));
    lost_ms_.add(
        static_cast<double>(start_.format.ms(static_cast<std::int64_t>(now.gap_samples - before.gap_samples))));
    before = now;
  }
  sink_figures_.update(stream_->sinks());
}

void MediaLeg::send_audio(std::span<const std::uint8_t> audio) {
  if (carrier_ != nullptr) carrier_->send_audio(audio);
}

void MediaLeg::send_mark(const std::string& name) {
  if (carrier_ != nullptr) carrier_->send_mark(name);
}

void MediaLeg::send_clear() {
  if (carrier_ != nullptr) carrier_->send_clear();
}

void MediaLeg::audio_played(std::span<const std::uint8_t> audio) {
  if (phase_ == Phase::running) stream_->played(audio, services_.clock.mono());
}

void MediaLeg::mark_reached(const std::string& name, bool played) {
  log::debug("mark reached", {{"callId", start_.call_id}, {"mark", name}, {"played", played}});
}

void MediaLeg::on_alert(const media::QualityAlert& alert) noexcept {
  services_.calls.append_later(start_.call_id, calls::EventType::quality_alert,
                               json{{"track", media::to_string(alert.track)},
                                    {"metric", media::to_string(alert.metric)},
                                    {"value", alert.value},
                                    {"threshold", alert.threshold},
                                    {"atMs", alert.position_ms}}
                                   .dump());
}

void MediaLeg::on_summary(const media::QualitySummary& summary) noexcept {
  json tracks = json::object();
  for (std::size_t i = 0; i < summary.tracks.size(); ++i) {
    const auto& quality = summary.tracks[i];
    if (!quality) continue;
    tracks[std::string(media::track_names[i])] = {{"score", media::to_string(quality->score)},
                                                  {"frames", quality->frames},
                                                  {"gaps", quality->gaps},
                                                  {"late", quality->late},
                                                  {"lostMs", quality->lost_ms},
                                                  {"lossPercent", quality->loss_percent},
                                                  {"latePercent", quality->late_percent},
                                                  {"jitterMs", quality->jitter_ms},
                                                  {"levelDb", quality->level_dbfs}};
  }
  services_.calls.append_later(start_.call_id, calls::EventType::quality_summary,
                               json{{"score", media::to_string(summary.score)}, {"tracks", tracks}}.dump());
}

}  // namespace trunkline::providers

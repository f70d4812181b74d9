#include "sim/acs_stream.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/media/pcm.hpp>

#include <algorithm>
#include <utility>
#include <variant>

namespace trunkline::sim {
namespace {

namespace carrier = providers::acs::carrier;

constexpr milliseconds step{20};
constexpr std::uint64_t hang_up_after = 50;     // a second of silence once both sides have finished
constexpr std::uint64_t give_up_after = 1'500;  // half a minute, whatever still plays
constexpr std::uint64_t late_reading = 100;     // the slow reader looks every two seconds
constexpr std::size_t max_playing = 24'000 * 300;
constexpr std::int16_t quiet = 64;

}  // namespace

AcsStream::AcsStream(net::Worker& worker, Options options, CallReport& report, Listener listener)
    : options_(std::move(options)),
      report_(&report),
      listener_(std::move(listener)),
      timer_(worker.context()),
      dice_(options_.seed),
      frames_(options_.begin) {
  for (const AcsSpeaker& speaker : options_.speakers) {
    spoken_ = std::max<std::uint64_t>(spoken_, (speaker.audio.size() + frame_samples() - 1) / frame_samples());
  }
}

void AcsStream::on_open(net::WebSocket& socket) {
  socket_ = &socket;
  if (report_ == nullptr) return socket.close(net::CloseCode::normal, "");
  started_ = std::chrono::steady_clock::now();
  carrier::append_metadata(out_, options_.start);
  send();
  if (options_.fault == Fault::slow_reader) socket_->pause_reading();
  while (pressed_ < options_.keys.size() && options_.keys[pressed_].at < step * static_cast<std::int64_t>(frames_)) {
    ++pressed_;
  }
  listener_.opened();
  arm();
}

void AcsStream::arm() {
  timer_.expires_at(started_ + step * static_cast<std::int64_t>(++grid_));
  timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error && self->socket_ != nullptr && self->report_ != nullptr) self->on_grid();
  });
}

void AcsStream::on_grid() {
  send_frames();
  press_keys();
  play();
  if (options_.fault == Fault::slow_reader && grid_ % late_reading == 0) socket_->resume_reading();
  if (options_.breaks && frames_ >= spoken_ / 2) return socket_->abort();
  if (frames_ >= spoken_) {
    ++silent_;
    const bool finished = playing_.empty() && silent_ > hang_up_after;
    if (finished || silent_ > give_up_after) return finish(AcsSocketEnd::finished);
  }
  socket_->flush();
  arm();
}

// One frame a step, or as the fault has it; places on the time line stay what they are.
void AcsStream::send_frames() {
  if (overtaken_) return send_frame(*std::exchange(overtaken_, std::nullopt));
  const std::uint64_t index = frames_++;
  if (options_.fault == Fault::drop && by_chance(0.05)) return;
  if (options_.fault == Fault::reorder && by_chance(0.1)) {
    overtaken_ = index;
    return send_frame(frames_++);
  }
  send_frame(index);
  if (options_.fault == Fault::duplicate && by_chance(0.1)) send_frame(index);
}

void AcsStream::send_frame(std::uint64_t index) {
  std::vector<std::int16_t> together(frame_samples());
  for (const AcsSpeaker& speaker : options_.speakers) {
    std::vector<std::int16_t> samples(frame_samples());
    const std::size_t from = std::min<std::size_t>(index * frame_samples(), speaker.audio.size());
    const std::size_t size = std::min(frame_samples(), speaker.audio.size() - from);
    std::copy_n(speaker.audio.begin() + static_cast<std::ptrdiff_t>(from), size, samples.begin());
    if (options_.unmixed) send_audio(index, speaker.raw_id, samples);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      together[i] = static_cast<std::int16_t>(std::clamp(together[i] + samples[i], -32'768, 32'767));
    }
  }
  if (!options_.unmixed) send_audio(index, {}, together);
  ++report_->frames_sent;
}

void AcsStream::send_audio(std::uint64_t index, const std::string& participant, std::span<const std::int16_t> samples) {
  std::vector<std::uint8_t> payload;
  payload.reserve(samples.size() * 2);
  for (const std::int16_t sample : samples) {
    payload.push_back(static_cast<std::uint8_t>(static_cast<std::uint16_t>(sample) & 0xFF));
    payload.push_back(static_cast<std::uint8_t>(static_cast<std::uint16_t>(sample) >> 8));
  }
  const bool silent = std::ranges::all_of(samples, [](std::int16_t one) { return one > -quiet && one < quiet; });
  const std::string at = timestamp(index);
  carrier::Origin origin{at, std::nullopt};
  // In a mixed stream nobody is named: Microsoft's own parsers fail on a null.
  if (options_.unmixed) origin.participant = participant;
  carrier::append_audio_data(out_, origin, silent, payload);
  send();
}

std::string AcsStream::timestamp(std::uint64_t index) const {
  return text::to_rfc3339(options_.first + step * static_cast<std::int64_t>(index));
}

void AcsStream::press_keys() {
  while (pressed_ < options_.keys.size() && options_.keys[pressed_].at <= step * static_cast<std::int64_t>(frames_)) {
    const char key = options_.keys[pressed_++].key;
    const std::string at = timestamp(frames_);
    carrier::Origin origin{at, std::nullopt};
    if (!options_.speakers.empty()) origin.participant = options_.speakers.front().raw_id;
    if (options_.dtmf) {
      carrier::append_dtmf(out_, origin, {&key, 1});
      send();
    }
    listener_.pressed(key);
  }
}

// Plays one step of what the gateway has sent.
void AcsStream::play() {
  const auto size = static_cast<std::ptrdiff_t>(std::min(frame_samples(), playing_.size()));
  report_->heard.insert(report_->heard.end(), playing_.begin(), playing_.begin() + size);
  playing_.erase(playing_.begin(), playing_.begin() + size);
}

void AcsStream::on_text(std::string_view message) {
  if (report_ == nullptr) return;
  const auto parsed = carrier::parse_message(message);
  if (!parsed) {
    report_->media_error = "the gateway sent what ACS refuses: " + parsed.error().message;
    return;
  }
  if (!options_.bidirectional) report_->media_error = "the gateway speaks into a stream that goes one way only";
  if (const auto* audio = std::get_if<carrier::Audio>(&*parsed)) {
    ++report_->frames_heard;
    media::for_each_sample(media::Encoding::pcm16, audio->payload,
                           [this](std::int16_t sample) { playing_.push_back(sample); });
    if (playing_.size() <= max_playing) return;
    report_->media_error = "the gateway sent more than five minutes ahead";
    playing_.clear();
  } else {
    ++report_->clears;
    playing_.clear();
  }
}

void AcsStream::on_binary(std::span<const std::uint8_t> /*message*/) {
  if (report_ != nullptr) report_->media_error = "the gateway sent a binary message, which ACS does not read";
}

void AcsStream::leave(bool close) {
  report_ = nullptr;
  listener_ = {};
  if (!close) return;
  timer_.cancel();
  if (socket_ == nullptr) return;
  socket_->resume_reading();  // or the gateway's half of the goodbye would not be seen
  socket_->close(net::CloseCode::normal, "");
}

void AcsStream::send() {
  if (!socket_->send_text(out_)) report_->media_error = "the gateway reads too slowly";
  out_.clear();
}

// Whoever listens may let go of this, and the report is theirs.
void AcsStream::finish(AcsSocketEnd end) {
  const auto self = shared_from_this();
  timer_.cancel();
  const auto over = std::exchange(listener_.over, nullptr);
  if (end != AcsSocketEnd::finished) report_ = nullptr;
  if (over) over(end);
}

void AcsStream::on_close(const net::CloseInfo& info) {
  const bool opened = std::exchange(socket_, nullptr) != nullptr;
  if (report_ == nullptr) return;
  if (!opened) {
    report_->media_error = "the media socket did not open: " + info.reason;
    return finish(AcsSocketEnd::refused);
  }
  if (info.code == net::CloseCode::policy_violation) {
    report_->media_error = "the gateway closed the socket: " + info.reason;
  }
  const bool said = info.code == net::CloseCode::normal || info.code == net::CloseCode::policy_violation;
  finish(said ? AcsSocketEnd::closed : AcsSocketEnd::broken);
}

}  // namespace trunkline::sim

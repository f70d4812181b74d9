#include <trunkline/adapters/deepgram_machine.hpp>

#include <adapters/deepgram/audio_backlog.hpp>
#include <adapters/deepgram/deepgram_results.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace trunkline::adapters {
namespace {

using net::CloseCode;

constexpr std::size_t max_anchors = 64;
constexpr std::int64_t replay_piece_ms = 200;
constexpr std::int64_t silence_sent_ms = 1'000;
constexpr std::int64_t frame_ms = 20;
constexpr std::size_t frame_bytes = 960;  // of PCM at 24 kHz; a higher rate has shorter frames of silence

// Trying again would meet the same refusal. 429 means too many streams at once: that passes.
bool is_permanent(const net::CloseInfo& info) {
  if (info.http_status >= 400 && info.http_status < 500) return info.http_status != 429;
  return info.code == CloseCode::invalid_payload || info.code == CloseCode::policy_violation;
}

std::string refusal(const net::CloseInfo& info) {
  if (info.http_status == 401 || info.http_status == 403) return "Deepgram does not accept the API key";
  if (info.http_status != 0) return "Deepgram refused the stream with HTTP " + std::to_string(info.http_status);
  return "Deepgram ended the stream with code " + std::to_string(static_cast<int>(info.code));
}

}  // namespace

DeepgramMachine::DeepgramMachine(DeepgramStream stream, std::function<double()> chance, DeepgramLimits limits)
    : stream_(std::move(stream)), limits_(limits), chance_(std::move(chance)), retry_base_(limits.first_retry) {
  const auto samples = static_cast<std::size_t>(stream_.format.samples(limits_.backlog.count()));
  const std::size_t sample_bytes = stream_.format.sample_bytes();
  backlog_ = std::make_unique<AudioBacklog>(samples * sample_bytes, sample_bytes);
}

DeepgramMachine::~DeepgramMachine() = default;

std::size_t DeepgramMachine::queued_bytes() const {
  return backlog_->size();
}

void DeepgramMachine::start(MonoTime now, DeepgramOutput& out) {
  if (state_ == State::idle) connect(now, out);
}

void DeepgramMachine::connect(MonoTime now, DeepgramOutput& out) {
  state_ = State::connecting;
  connect_deadline_ = now + limits_.connect_timeout;
  out.connect();
}

void DeepgramMachine::connected(MonoTime now, DeepgramOutput& out) {
  if (state_ != State::connecting) return;
  state_ = State::open;
  sent_ = 0;
  anchors_.clear();
  last_sent_ = now;
  last_replay_ = now;
  replay_bytes_ =
      static_cast<double>(stream_.format.samples(replay_piece_ms)) * static_cast<double>(stream_.format.sample_bytes());
  if (finishing_) {
    send_rest(now, out);
  } else {
    replay(now, out);
  }
}

void DeepgramMachine::closed(const net::CloseInfo& info, MonoTime now, DeepgramOutput& out) {
  if (state_ == State::closing) return end(out);
  if (state_ != State::connecting && state_ != State::open) return;
  if (is_permanent(info)) {
    out.trouble("rejected", refusal(info));
    return end(out);
  }
  retry(now, info.http_status == 429 ? limits_.busy_retry : milliseconds{0}, out);
}

void DeepgramMachine::retry(MonoTime now, milliseconds at_least, DeepgramOutput& out) {
  give_utterance(out);  // what it waited for was lost with the connection
  if (++failures_ == limits_.failures_until_trouble) {
    out.trouble("engine_unavailable", "Deepgram cannot be reached; still trying");
  }
  retry_base_ = std::max(retry_base_, at_least);
  const auto wait = std::chrono::duration_cast<milliseconds>(retry_base_ * (0.5 + chance_()));
  retry_base_ = std::min(retry_base_ * 2, limits_.longest_retry);
  retry_at_ = now + std::min(wait, limits_.longest_retry);
  state_ = State::waiting;
}

void DeepgramMachine::audio(std::span<const std::uint8_t> audio, std::int64_t position, MonoTime now,
                            DeepgramOutput& out) {
  if (audio.empty() || finishing_ || state_ == State::done) return;
  if (state_ == State::open && backlog_->empty() && send(audio, position, now, out)) return;
  keep(audio, position, out);
  replay(now, out);
}

void DeepgramMachine::silence(std::uint32_t samples, std::int64_t position, MonoTime now, DeepgramOutput& out) {
  static constexpr auto mulaw = [] {
    std::array<std::uint8_t, frame_bytes> bytes{};
    bytes.fill(0xFF);
    return bytes;
  }();
  static constexpr std::array<std::uint8_t, frame_bytes> pcm{};
  const auto& quiet = stream_.format.encoding == media::Encoding::mulaw ? mulaw : pcm;
  const auto step = std::min(stream_.format.samples(frame_ms),
                             static_cast<std::int64_t>(quiet.size() / stream_.format.sample_bytes()));
  const auto length = std::min<std::int64_t>(samples, stream_.format.samples(silence_sent_ms));
  for (std::int64_t done = 0; done < length; done += step) {
    const auto bytes = static_cast<std::size_t>(std::min(step, length - done)) * stream_.format.sample_bytes();
    audio(std::span(quiet).first(bytes), position + done, now, out);
  }
}

// False when the connection takes no more now.
bool DeepgramMachine::send(std::span<const std::uint8_t> audio, std::int64_t position, MonoTime now,
                           DeepgramOutput& out) {
  if (!out.send_binary(audio)) return false;
  const bool follows = !anchors_.empty() && anchors_.back().position + (sent_ - anchors_.back().sent) == position;
  if (!follows) {
    if (anchors_.size() == max_anchors) anchors_.pop_front();
    anchors_.push_back({sent_, position});
  }
  sent_ += static_cast<std::int64_t>(audio.size() / stream_.format.sample_bytes());
  last_sent_ = now;
  return true;
}

void DeepgramMachine::keep(std::span<const std::uint8_t> audio, std::int64_t position, DeepgramOutput& out) {
  if (const std::size_t lost = backlog_->push(position, audio); lost > 0) lose(lost, out);
}

void DeepgramMachine::lose(std::size_t bytes, DeepgramOutput& out) {
  lost_samples_ += bytes / stream_.format.sample_bytes();
  if (std::exchange(loss_reported_, true)) return;  // once an outage
  out.trouble("audio_lost", "Deepgram was out of reach for too long; some audio is not transcribed");
}

void DeepgramMachine::replay(MonoTime now, DeepgramOutput& out) {
  if (state_ != State::open) return;
  const double bytes_per_second =
      static_cast<double>(stream_.format.sample_rate) * static_cast<double>(stream_.format.sample_bytes());
  const std::chrono::duration<double> elapsed = now - std::exchange(last_replay_, now);
  replay_bytes_ += elapsed.count() * bytes_per_second * limits_.replay_speed;
  const double most = bytes_per_second * replay_piece_ms / 1000;
  replay_bytes_ = std::min(replay_bytes_, most);
  while (!backlog_->empty()) {
    const auto piece = backlog_->front(static_cast<std::size_t>(replay_bytes_));
    if (piece.audio.empty() || !send(piece.audio, piece.position, now, out)) return;
    replay_bytes_ -= static_cast<double>(piece.audio.size());
    backlog_->pop(piece.audio.size());
  }
  loss_reported_ = false;
}

void DeepgramMachine::tick(MonoTime now, DeepgramOutput& out) {
  if (state_ == State::done || state_ == State::idle) return;
  if (finishing_ && now >= finish_deadline_) {
    if (!backlog_->empty()) lose(backlog_->size(), out);
    out.close();
    return end(out);
  }
  if (state_ == State::connecting && now >= connect_deadline_) {
    out.close();
    return retry(now, milliseconds{0}, out);
  }
  if (state_ == State::waiting && now >= retry_at_) return connect(now, out);
  if (state_ != State::open) return;
  if (finishing_) return send_rest(now, out);
  replay(now, out);
  if (now - last_sent_ >= limits_.keep_alive && out.send_text(R"({"type":"KeepAlive"})")) last_sent_ = now;
}

void DeepgramMachine::finish(MonoTime now, DeepgramOutput& out) {
  if (finishing_ || state_ == State::done) return;
  finishing_ = true;
  finish_deadline_ = now + limits_.finish_timeout;
  if (state_ == State::idle) return end(out);
  if (state_ == State::waiting) return connect(now, out);
  if (state_ == State::open) send_rest(now, out);
}

// At the end nobody listens live any more, so the rest is not held to replay speed.
void DeepgramMachine::send_rest(MonoTime now, DeepgramOutput& out) {
  while (!backlog_->empty()) {
    const auto piece = backlog_->front(backlog_->size());
    if (!send(piece.audio, piece.position, now, out)) return;
    backlog_->pop(piece.audio.size());
  }
  if (!out.send_text(R"({"type":"Finalize"})") || !out.send_text(R"({"type":"CloseStream"})")) return;
  state_ = State::closing;
}

void DeepgramMachine::end(DeepgramOutput& out) {
  give_utterance(out);
  backlog_->pop(backlog_->size());
  state_ = State::done;
  out.finished();
}

void DeepgramMachine::text(std::string_view text, MonoTime, DeepgramOutput& out) {
  if (state_ != State::open && state_ != State::closing) return;
  const auto message = parse_deepgram_message(text);
  switch (message.type) {
    case DeepgramMessage::Type::malformed:
      ++malformed_;
      return;
    case DeepgramMessage::Type::other:
      return;
    case DeepgramMessage::Type::utterance_end:
      return give_utterance(out);
    case DeepgramMessage::Type::results:
      break;
  }
  failures_ = 0;  // only now: a connection that opens and closes at once is a failure still
  retry_base_ = limits_.first_retry;
  take_results(message, out);
}

// Final transcripts are strung together until the utterance ends; an interim one is shown after them and replaced by
// the next.
void DeepgramMachine::take_results(const DeepgramMessage& message, DeepgramOutput& out) {
  if (!message.is_final) {
    if (!message.transcript.empty()) give(extended(message), false, out);
    return;
  }
  if (!message.transcript.empty()) utterance_ = extended(message);
  const bool ends = message.speech_final || message.from_finalize || utterance_.text.size() >= limits_.utterance_bytes;
  if (ends) return give_utterance(out);
  if (!message.transcript.empty()) give(utterance_, false, out);
}

DeepgramMachine::Utterance DeepgramMachine::extended(const DeepgramMessage& message) const {
  Utterance longer = utterance_;
  if (longer.text.empty()) {
    longer.start_ms = recording_ms(message.start);
  } else {
    longer.text += ' ';
  }
  longer.text += message.transcript;
  longer.end_ms = std::max(recording_ms(message.end), longer.start_ms);
  const double weight = static_cast<double>(std::max<std::size_t>(message.words, 1));
  longer.weighted_confidence += message.confidence * weight;
  longer.weight += weight;
  return longer;
}

void DeepgramMachine::give_utterance(DeepgramOutput& out) {
  if (utterance_.text.empty()) return;
  give(std::exchange(utterance_, {}), true, out);
}

void DeepgramMachine::give(const Utterance& utterance, bool final, DeepgramOutput& out) const {
  speech::Segment segment;
  segment.track = stream_.track;
  segment.start_ms = utterance.start_ms;
  segment.end_ms = utterance.end_ms;
  segment.text = utterance.text;
  segment.confidence = utterance.weighted_confidence / utterance.weight;
  segment.final = final;
  segment.engine = "deepgram";
  segment.language = stream_.language;
  out.segment(segment);
}

std::int64_t DeepgramMachine::recording_ms(double connection_seconds) const {
  // A foreign number: it may lie outside of what was sent.
  const double seconds = std::clamp(connection_seconds, 0.0, stream_.format.ms(sent_) / 1000.0);
  const auto sample = static_cast<std::int64_t>(std::llround(seconds * stream_.format.sample_rate));
  if (anchors_.empty()) return 0;
  const auto next = std::ranges::upper_bound(anchors_, sample, {}, &Anchor::sent);
  const auto& anchor = next == anchors_.begin() ? *next : *std::prev(next);
  return stream_.format.ms(anchor.position + (sample - anchor.sent));
}

}  // namespace trunkline::adapters

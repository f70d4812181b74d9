#include <trunkline/media/playout.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace trunkline::media {

namespace {
constexpr std::int64_t frame_ms = 20;
constexpr std::size_t idle_bytes = 4096;  // memory that an idle playout keeps
}  // namespace

Playout::Playout(Format format, PlayoutLimits limits)
    : format_(format),
      limits_(limits),
      frame_(format.samples(frame_ms)),
      lead_(format.samples(std::max(limits.lead_ms, frame_ms))) {}

Result<> Playout::queue_audio(std::span<const std::uint8_t> audio) {
  if (audio.size() % format_.sample_bytes() != 0) {
    return make_error("partial_sample", "audio must be whole samples");
  }
  const auto samples = static_cast<std::int64_t>(audio.size() / format_.sample_bytes());
  if (queued_ - played_ + samples > format_.samples(limits_.queue_ms)) {
    return make_error("playout_full",
                      "more than " + std::to_string(limits_.queue_ms / 1000) + " s of audio would wait to be played");
  }
  audio_.insert(audio_.end(), audio.begin(), audio.end());
  queued_ += samples;
  return {};
}

Result<> Playout::queue_mark(std::string name) {
  if (marks_.size() >= limits_.marks) {
    return make_error("too_many_marks", "more than " + std::to_string(limits_.marks) + " marks are outstanding");
  }
  marks_.push_back({std::move(name), queued_});
  return {};
}

void Playout::step(MonoTime now, PlayoutOutput& out) {
  if (running_) {
    const std::int64_t heard = ear(now);
    // Whole frames, however often we are called; the rest when the carrier has run dry.
    report_played(heard == sent_ ? heard : played_ + (heard - played_) / frame_ * frame_, out);
    running_ = heard < sent_;
  }
  send_due(now, out);
  if (!limits_.echoes) reach_marks(out);
}

void Playout::clear(MonoTime now, PlayoutOutput& out) {
  if (running_) report_played(ear(now), out);
  running_ = false;
  if (std::exchange(carrier_may_hold_, false)) out.send_clear();
  audio_.clear();
  sent_ = queued_ = audio_start_ = played_;

  if (!limits_.echoes) marks_sent_ = 0;  // nobody will speak of them
  for (std::size_t i = 0; i < marks_sent_; ++i) marks_[i].cleared = true;
  while (marks_.size() > marks_sent_) {
    const Mark mark = std::move(marks_[marks_sent_]);
    marks_.erase(marks_.begin() + static_cast<std::ptrdiff_t>(marks_sent_));
    out.mark_reached(mark.name, false);
  }
}

bool Playout::mark_echoed(const std::string& name, PlayoutOutput& out) {
  const auto sent_end = marks_.begin() + static_cast<std::ptrdiff_t>(marks_sent_);
  const auto found = std::find_if(marks_.begin(), sent_end, [&](const Mark& mark) { return mark.name == name; });
  if (found == sent_end) return false;
  const Mark mark = std::move(*found);
  marks_.erase(found);
  --marks_sent_;
  out.mark_reached(mark.name, !mark.cleared);
  return true;
}

std::optional<MonoTime> Playout::next_due() const {
  if (idle()) return std::nullopt;
  if (!running_) return MonoTime{};
  const std::int64_t played_next = std::min(played_ + frame_, sent_);
  if (sent_ == queued_) return time_of(played_next);
  const std::int64_t sent_next = std::min(sent_ + frame_, next_stop());
  return time_of(std::min(played_next, sent_next - lead_));
}

bool Playout::idle() const {
  return played_ == queued_ && marks_sent_ == marks_.size();
}
std::int64_t Playout::queued_ms() const {
  return format_.ms(queued_ - played_);
}
std::int64_t Playout::played_ms() const {
  return format_.ms(played_);
}

// What the caller hears at `now`: the carrier cannot have played more than it was sent.
std::int64_t Playout::ear(MonoTime now) const {
  const auto elapsed = std::max(now - clock_start_, MonoTime::duration::zero());
  return std::clamp(clock_base_ + format_.samples_in(elapsed), played_, sent_);
}

// The first moment at which the ear is at `position`.
MonoTime Playout::time_of(std::int64_t position) const {
  const std::int64_t rate = format_.sample_rate;
  return clock_start_ + std::chrono::nanoseconds(((position - clock_base_) * 1'000'000'000 + rate - 1) / rate);
}

void Playout::report_played(std::int64_t until, PlayoutOutput& out) {
  if (until <= played_) return;
  out.audio_played(bytes(played_, until));
  played_ = until;
  // Cut off what was played, rarely enough that each byte is moved about once.
  if ((played_ - audio_start_) * 2 < queued_ - audio_start_) return;
  const auto cut = bytes(audio_start_, played_).size();
  audio_.erase(audio_.begin(), audio_.begin() + static_cast<std::ptrdiff_t>(cut));
  audio_start_ = played_;
  if (audio_.empty() && audio_.capacity() > idle_bytes) audio_.shrink_to_fit();
}

void Playout::send_due(MonoTime now, PlayoutOutput& out) {
  send_marks(out);
  if (sent_ == queued_) return;
  if (!running_) {
    running_ = true;
    clock_start_ = now;
    clock_base_ = sent_;
  }
  const std::int64_t horizon = ear(now) + lead_;
  while (const std::int64_t count = sendable(horizon)) {
    out.send_audio(bytes(sent_, sent_ + count));
    carrier_may_hold_ = true;
    sent_ += count;
    send_marks(out);
  }
}

// What may be sent in one piece ends here: a mark belongs between.
std::int64_t Playout::next_stop() const {
  return marks_sent_ < marks_.size() ? marks_[marks_sent_].position : queued_;
}

// How many samples to send next so as not to pass `until` or the next mark.
std::int64_t Playout::sendable(std::int64_t until) const {
  const std::int64_t stop = next_stop();
  const std::int64_t count = std::min(until, stop) - sent_;
  if (count <= 0) return 0;
  return until >= stop ? count : count / frame_ * frame_;
}

void Playout::send_marks(PlayoutOutput& out) {
  while (marks_sent_ < marks_.size() && marks_[marks_sent_].position <= sent_) {
    if (limits_.echoes) {
      out.send_mark(marks_[marks_sent_].name);
      carrier_may_hold_ = true;
    }
    ++marks_sent_;
  }
}

void Playout::reach_marks(PlayoutOutput& out) {
  while (marks_sent_ > 0 && marks_.front().position <= played_) {
    const Mark mark = std::move(marks_.front());
    marks_.pop_front();
    --marks_sent_;
    out.mark_reached(mark.name, true);
  }
}

std::span<const std::uint8_t> Playout::bytes(std::int64_t from, std::int64_t to) const {
  const auto width = static_cast<std::int64_t>(format_.sample_bytes());
  return std::span(audio_).subspan(static_cast<std::size_t>((from - audio_start_) * width),
                                   static_cast<std::size_t>((to - from) * width));
}

}  // namespace trunkline::media

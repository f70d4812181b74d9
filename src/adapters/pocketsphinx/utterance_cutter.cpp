#include <adapters/pocketsphinx/utterance_cutter.hpp>
#include <algorithm>

namespace trunkline::adapters {
namespace {

constexpr std::int64_t frame = UtteranceCutter::frame_samples;
constexpr std::size_t onset_window = 10;  // frames
constexpr std::ptrdiff_t onset_speech = 6;
constexpr std::int64_t lead_in = 15 * frame;
constexpr std::int64_t hangover = 30 * frame;
constexpr std::int64_t tail = 10 * frame;
constexpr std::size_t longest = 750 * frame;
constexpr std::size_t kept_before_speech = lead_in + onset_window * frame;

}  // namespace

bool UtteranceCutter::speech_begins() const {
  return recent_.back() && std::ranges::count(recent_, true) >= onset_speech;
}

std::optional<Utterance> UtteranceCutter::add(std::span<const std::int16_t> samples, std::int64_t position,
                                              bool speech) {
  std::optional<Utterance> ended;
  if (position != position_) ended = finish();
  audio_.insert(audio_.end(), samples.begin(), samples.end());
  position_ = position + static_cast<std::int64_t>(samples.size());
  recent_.push_back(speech);
  if (recent_.size() > onset_window) recent_.pop_front();

  if (!open_) {
    if (audio_.size() > kept_before_speech) {
      audio_.erase(audio_.begin(), audio_.end() - static_cast<std::ptrdiff_t>(kept_before_speech));
    }
    if (speech_begins()) open();
    return ended;
  }
  if (speech) speech_end_ = position_;
  if (position_ - speech_end_ >= hangover || audio_.size() >= longest) return close();
  return ended;
}

void UtteranceCutter::open() {
  open_ = true;
  const auto first = std::ranges::find(recent_, true);
  speech_begin_ = position_ - (recent_.end() - first) * frame;
  speech_end_ = position_;
}

Utterance UtteranceCutter::close() {
  const std::int64_t begin = position_ - static_cast<std::int64_t>(audio_.size());
  const auto from = std::max<std::int64_t>(speech_begin_ - lead_in - begin, 0);
  const auto to = std::min<std::int64_t>(speech_end_ + tail - begin, static_cast<std::int64_t>(audio_.size()));
  Utterance utterance{speech_begin_, speech_end_, {audio_.begin() + from, audio_.begin() + to}};
  audio_.erase(audio_.begin(), audio_.begin() + to);  // what follows may lead in the next one
  recent_.clear();
  open_ = false;
  return utterance;
}

std::optional<Utterance> UtteranceCutter::finish() {
  std::optional<Utterance> ended;
  if (open_) ended = close();
  audio_.clear();
  recent_.clear();
  return ended;
}

}  // namespace trunkline::adapters

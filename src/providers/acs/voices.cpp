#include "providers/acs/voices.hpp"

#include <trunkline/base/text.hpp>

#include <algorithm>

namespace trunkline::providers::acs {

static_assert(max_participants <= media::max_tracks - 1, "each participant has a track beside ours");

media::Track Voices::add(std::string_view address) {
  const bool is_far_end = far_end_.empty() || text::iequals(address, far_end_);
  const bool all_given = further_ == media::max_tracks - 2;
  const bool inbound = !inbound_given_ && (is_far_end || all_given);
  inbound_given_ = inbound_given_ || inbound;
  Voice& voice = voices_[count_++];
  voice.track = inbound ? media::Track::inbound : media::further_track(further_++);
  voice.next_ms = newest_ms_;
  return voice.track;
}

std::int64_t Voices::place(std::size_t voice, std::optional<std::int64_t> timestamp_ms, std::int64_t length_ms) {
  std::int64_t& next_ms = voices_[voice].next_ms;
  std::int64_t at = next_ms;
  if (timestamp_ms) {
    if (!first_ms_) first_ms_ = *timestamp_ms - next_ms;
    at = *timestamp_ms - *first_ms_;
  }
  next_ms = at + length_ms;
  newest_ms_ = std::max(newest_ms_, next_ms);
  return at;
}

}  // namespace trunkline::providers::acs

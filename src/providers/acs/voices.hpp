#pragma once

#include <trunkline/media/frame.hpp>
#include <trunkline/providers/acs/media_machine.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace trunkline::providers::acs {

/// Who is heard on a media socket: each voice's track, and where its audio belongs in time. A mixed stream has one. No
/// allocation per frame.
class Voices {
 public:
  /// `far_end` is the address of the call's other party: `inbound` waits for it. Empty: it is the first voice's.
  explicit Voices(std::string far_end) : far_end_(std::move(far_end)) {}

  /// Voices have the indices of MediaMachine::participants(), and are added in their order.
  bool knows(std::size_t voice) const { return voice < count_; }
  media::Track add(std::string_view address);
  media::Track track(std::size_t voice) const { return voices_[voice].track; }

  /// When a frame of `length_ms` is heard, in ms since the first frame of any voice. One that does not say when it was
  /// is taken for the next of its voice.
  std::int64_t place(std::size_t voice, std::optional<std::int64_t> timestamp_ms, std::int64_t length_ms);

 private:
  struct Voice {
    media::Track track = media::Track::inbound;
    std::int64_t next_ms = 0;
  };

  std::string far_end_;
  std::array<Voice, max_participants> voices_{};
  std::size_t count_ = 0;
  std::size_t further_ = 0;
  bool inbound_given_ = false;
  std::optional<std::int64_t> first_ms_;
  std::int64_t newest_ms_ = 0;
};

}  // namespace trunkline::providers::acs

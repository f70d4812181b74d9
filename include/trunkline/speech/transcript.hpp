#pragma once

#include <trunkline/media/frame.hpp>

#include <cstdint>
#include <string>

namespace trunkline::speech {

/// A stretch of speech in words. Times are ms on the recording's clock.
struct Segment {
  media::Track track = media::Track::inbound;
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  std::string text;       ///< UTF-8 as the engine gave it; escape it for display
  double confidence = 0;  ///< 0 to 1
  bool final = true;      ///< an interim segment is replaced by the next one of its track
  std::string engine;     ///< `deepgram`, `embedded`
  std::string language;   ///< BCP 47
};

}  // namespace trunkline::speech

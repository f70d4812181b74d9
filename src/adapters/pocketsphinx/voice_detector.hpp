#pragma once

#include <cstdint>
#include <memory>
#include <span>

struct WebRtcVadInst;

namespace trunkline::adapters {

/// WebRTC's voice activity detector in mode 1 at 8 kHz: the mode that still hears callers in noise and rarely hears
/// noise as callers. One thread at a time.
class VoiceDetector {
 public:
  VoiceDetector();

  /// Whether the next 20 ms (160 samples) sound like speech.
  bool is_speech(std::span<const std::int16_t> frame);

 private:
  struct Free {
    void operator()(WebRtcVadInst* detector) const;
  };
  std::unique_ptr<WebRtcVadInst, Free> detector_;
};

}  // namespace trunkline::adapters

#include <adapters/pocketsphinx/voice_detector.hpp>
#include <cstddef>
#include <new>

// The library exports these; its package ships no header that declares them.
// NOLINTBEGIN(readability-identifier-naming): WebRTC's names
extern "C" {
WebRtcVadInst* WebRtcVad_Create();
void WebRtcVad_Free(WebRtcVadInst* handle);
int WebRtcVad_Init(WebRtcVadInst* handle);
int WebRtcVad_set_mode(WebRtcVadInst* handle, int mode);
int WebRtcVad_Process(WebRtcVadInst* handle, int fs, const std::int16_t* audio_frame, std::size_t frame_length);
}
// NOLINTEND(readability-identifier-naming)

namespace trunkline::adapters {

VoiceDetector::VoiceDetector() : detector_(WebRtcVad_Create()) {
  if (!detector_ || WebRtcVad_Init(detector_.get()) != 0 || WebRtcVad_set_mode(detector_.get(), 1) != 0) {
    throw std::bad_alloc();  // nothing else can fail here
  }
}

void VoiceDetector::Free::operator()(WebRtcVadInst* detector) const {
  WebRtcVad_Free(detector);
}

bool VoiceDetector::is_speech(std::span<const std::int16_t> frame) {
  return WebRtcVad_Process(detector_.get(), 8000, frame.data(), frame.size()) == 1;
}

}  // namespace trunkline::adapters

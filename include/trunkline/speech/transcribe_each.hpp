#pragma once

#include <trunkline/speech/transcriber.hpp>

#include <memory>

namespace trunkline::speech {

/// Transcribes a stream in which each participant of the far end has a track: the engine opens a track for
/// transcription with its first frame, whatever `request.tracks` says. Our own is left out. When the engine refuses
/// one, `listener` hears of it as trouble and the others go on; it hears of one end. `engine` outlives the sink.
std::shared_ptr<media::Sink> transcribe_each(Transcriber& engine, TranscribeRequest request,
                                             std::shared_ptr<TranscriptListener> listener);

}  // namespace trunkline::speech

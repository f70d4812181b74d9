#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/media/sink.hpp>
#include <trunkline/speech/transcript.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace trunkline::speech {

/// What a route asks of speech-to-text.
struct TranscribeRequest {
  std::string call_id;
  media::Format format;
  std::vector<media::Track> tracks = {media::Track::inbound};
  std::string language = "en-US";
  std::vector<std::string> phrases;  ///< what the embedded engine listens for besides digits and yes/no
};

/// Where a transcriber reports to. Called from any thread; implementations only hand over and return.
class TranscriptListener {
 public:
  virtual ~TranscriptListener() = default;
  virtual void on_segment(const Segment& segment) = 0;
  /// The engine gave up or lost audio: `reason` is a stable code (`engine_unavailable`, `audio_lost`, `rejected`),
  /// `message` is for people. The call's other sinks go on.
  virtual void on_trouble(const std::string& reason, const std::string& message) = 0;
  /// Nothing more will come; called once, also when the stream ended without speech.
  virtual void on_finished() = 0;
};

/// Speech-to-text behind one port. open() is called on the stream's worker; the sink it returns reports to `listener`,
/// which it keeps alive. Error `engine_busy` when the engine's limit is reached, `unsupported` for a language or phrase
/// it cannot serve.
class Transcriber {
 public:
  virtual ~Transcriber() = default;
  virtual std::string_view engine() const = 0;
  virtual Result<std::shared_ptr<media::Sink>> open(const TranscribeRequest& request,
                                                    std::shared_ptr<TranscriptListener> listener) = 0;
};

}  // namespace trunkline::speech

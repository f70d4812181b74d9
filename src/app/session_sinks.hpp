#pragma once

#include <trunkline/calls/call_service.hpp>
#include <trunkline/events/event_hub.hpp>
#include <trunkline/net/worker.hpp>
#include <trunkline/observe/metrics.hpp>
#include <trunkline/providers/media_leg.hpp>
#include <trunkline/recording/library.hpp>
#include <trunkline/recording/recorder.hpp>
#include <trunkline/speech/transcriber.hpp>

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace trunkline::app {

/// The sinks of the process: recorder and transcriber, wired to the call log, the library and the metrics.
class SessionSinks final : public providers::SinkFactory {
 public:
  struct Parts {
    calls::CallService& calls;
    recording::Library& library;
    events::EventHub& events;
    observe::Metrics& metrics;
    recording::RecorderPools pools;
    net::Workers& workers;
    Ids& ids;
    const Clock& clock;
    speech::Transcriber* deepgram = nullptr;  ///< null: not configured
    speech::Transcriber* embedded = nullptr;  ///< null: its model is missing
  };
  explicit SessionSinks(const Parts& parts) : parts_(parts) {}

  std::vector<std::shared_ptr<media::Sink>> make_sinks(const calls::MediaGrant& grant, const media::Format& format,
                                                       bool unmixed) override;

  /// Recordings and transcripts whose stream is over but which are not finished.
  std::size_t unfinished() const { return unfinished_; }

 private:
  class Listener;
  struct RecordingOf {
    std::string call_id;
    std::string id;
    std::filesystem::path path;
  };

  std::shared_ptr<media::Sink> make_recorder(const calls::MediaGrant& grant, const media::Format& format);
  std::shared_ptr<media::Sink> make_transcriber(const calls::MediaGrant& grant, const media::Format& format,
                                                bool unmixed);
  void complete(const RecordingOf& recording, const recording::FileFacts& facts);
  void fail(const RecordingOf& recording, const Error& failure);
  void report_failed(const RecordingOf& recording, const Error& failure,
                     const std::optional<recording::FileFacts>& kept);
  void end_transcript(const std::string& call_id, const std::string& engine, std::size_t segments);
  void report_trouble(const std::string& call_id, const std::string& engine, const std::string& reason,
                      const std::string& message);
  speech::Transcriber* engine_for(const config::Route& route) const;

  Parts parts_;
  std::atomic<std::size_t> unfinished_{0};
};

}  // namespace trunkline::app

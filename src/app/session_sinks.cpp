#include "app/session_sinks.hpp"

#include <trunkline/observe/log.hpp>
#include <trunkline/speech/transcribe_each.hpp>

#include <nlohmann/json.hpp>

#include <utility>

namespace trunkline::app {
namespace {

using calls::EventType;
using nlohmann::json;

std::string to_text(const json& data) {
  return data.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

/// Turns a transcriber's segments into events of its call.
class SessionSinks::Listener final : public speech::TranscriptListener {
 public:
  Listener(SessionSinks& sinks, std::string call_id, std::string engine)
      : sinks_(sinks), call_id_(std::move(call_id)), engine_(std::move(engine)) {
    ++sinks_.unfinished_;
  }

  void on_segment(const speech::Segment& segment) override {
    const Parts& parts = sinks_.parts_;
    if (!segment.final && !parts.events.wanted(call_id_, events::interim_transcript))
      return;  // several a second, often for nobody
    const json data = {{"segmentId", parts.ids.make("seg")},
                       {"track", media::to_string(segment.track)},
                       {"startMs", segment.start_ms},
                       {"endMs", segment.end_ms},
                       {"text", segment.text},
                       {"confidence", segment.confidence},
                       {"engine", segment.engine},
                       {"language", segment.language}};
    if (!segment.final) {
      return parts.events.publish_live(call_id_, events::interim_transcript, parts.clock.wall(), to_text(data));
    }
    ++segments_;
    parts.metrics.transcript_segments(engine_).add();
    parts.metrics.transcript_confidence(engine_).observe(segment.confidence);
    parts.calls.append_later(call_id_, EventType::transcript_segment, to_text(data));
  }

  void on_trouble(const std::string& reason, const std::string& message) override {
    sinks_.report_trouble(call_id_, engine_, reason, message);
  }

  void on_finished() override {
    if (finished_.exchange(true)) return;
    sinks_.end_transcript(call_id_, engine_, segments_);
    --sinks_.unfinished_;
  }

 private:
  SessionSinks& sinks_;
  const std::string call_id_;
  const std::string engine_;
  std::atomic<std::size_t> segments_{0};
  std::atomic<bool> finished_{false};
};

std::vector<std::shared_ptr<media::Sink>> SessionSinks::make_sinks(const calls::MediaGrant& grant,
                                                                   const media::Format& format, bool unmixed) {
  std::vector<std::shared_ptr<media::Sink>> sinks;
  if (!grant.recording_id.empty()) sinks.push_back(make_recorder(grant, format));
  if (grant.route.transcribe) {
    if (auto sink = make_transcriber(grant, format, unmixed)) sinks.push_back(std::move(sink));
  }
  return sinks;
}

std::shared_ptr<media::Sink> SessionSinks::make_recorder(const calls::MediaGrant& grant, const media::Format& format) {
  ++unfinished_;
  parts_.calls.append_later(grant.call.id, EventType::recording_started,
                            to_text({{"recordingId", grant.recording_id}}));
  const RecordingOf recording{grant.call.id, grant.recording_id, parts_.library.file_at(grant.recording_path)};
  auto done = [this, recording](const Result<recording::FileFacts>& facts) {
    if (facts) {
      complete(recording, *facts);
    } else {
      fail(recording, facts.error());
    }
  };
  return recording::make_recorder(recording.path, format, parts_.pools, std::move(done));
}

// The event settles the recording's row. Should it get lost with the process, the row is still open, and the next start
// tells it.
void SessionSinks::complete(const RecordingOf& recording, const recording::FileFacts& facts) {
  parts_.metrics.recordings("completed").add();
  parts_.calls.append_later(recording.call_id, EventType::recording_completed,
                            recording::completed_data(recording.id, facts, false));
  --unfinished_;
}

// What was written before plays. Its facts are found by a job: this may be the stream's thread.
void SessionSinks::fail(const RecordingOf& recording, const Error& failure) {
  log::error("a recording failed",
             {{"callId", recording.call_id}, {"reason", failure.message}, {"detail", failure.detail}});
  const bool posted = parts_.pools.finishers.try_post([this, recording, failure] {
    const auto kept = recording::repair(recording.path);
    report_failed(recording, failure, kept ? std::optional(*kept) : std::nullopt);
  });
  if (!posted) report_failed(recording, failure, std::nullopt);
}

void SessionSinks::report_failed(const RecordingOf& recording, const Error& failure,
                                 const std::optional<recording::FileFacts>& kept) {
  parts_.metrics.recordings("failed").add();
  parts_.calls.append_later(recording.call_id, EventType::recording_failed,
                            recording::failed_data(recording.id, failure, kept));
  --unfinished_;
}

speech::Transcriber* SessionSinks::engine_for(const config::Route& route) const {
  if (route.engine == "deepgram") return parts_.deepgram;
  if (route.engine == "embedded" || parts_.deepgram == nullptr) return parts_.embedded;
  return parts_.deepgram;
}

std::shared_ptr<media::Sink> SessionSinks::make_transcriber(const calls::MediaGrant& grant, const media::Format& format,
                                                            bool unmixed) {
  const std::string& call_id = grant.call.id;
  speech::Transcriber* engine = engine_for(grant.route);
  if (engine == nullptr) {
    report_trouble(call_id, grant.route.engine, "engine_unavailable", "the route's speech engine is not configured");
    end_transcript(call_id, grant.route.engine, 0);
    return nullptr;
  }
  speech::TranscribeRequest request;
  request.call_id = call_id;
  request.format = format;
  if (!grant.bidirectional) request.tracks = {media::Track::inbound, media::Track::outbound};
  request.language = grant.route.language;
  request.phrases = grant.route.phrases;
  const auto listener = std::make_shared<Listener>(*this, call_id, std::string(engine->engine()));
  if (unmixed) return speech::transcribe_each(*engine, std::move(request), listener);
  auto sink = engine->open(request, listener);
  if (sink) return *sink;
  listener->on_trouble(sink.error().code, sink.error().message);
  listener->on_finished();
  return nullptr;
}

void SessionSinks::end_transcript(const std::string& call_id, const std::string& engine, std::size_t segments) {
  parts_.calls.append_later(call_id, EventType::transcript_ended,
                            to_text({{"engine", engine}, {"segments", segments}}));
}

void SessionSinks::report_trouble(const std::string& call_id, const std::string& engine, const std::string& reason,
                                  const std::string& message) {
  log::warn("transcription trouble",
            {{"callId", call_id}, {"engine", engine}, {"reason", reason}, {"message", message}});
  parts_.calls.append_later(call_id, EventType::transcript_trouble,
                            to_text({{"engine", engine}, {"reason", reason}, {"message", message}}));
}

}  // namespace trunkline::app

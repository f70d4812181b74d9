#pragma once

#include <trunkline/speech/transcript.hpp>

#include <span>
#include <string>

namespace trunkline::speech {

/// A final segment as it was stored.
struct StoredSegment {
  std::string id;  ///< `seg_...`
  Segment segment;
};

/// A JSON array of `{segmentId, track, startMs, endMs, text, displayText, confidence, engine, language}`. `text` is
/// what the engine gave; `displayText` is the same with HTML's special characters escaped.
std::string render_json(std::span<const StoredSegment> segments);

/// For people: one line a segment, `[00:01.200] caller: check my balance`; we are the `agent`, further
/// participants are `participant 2` and so on, as their track says.
std::string render_text(std::span<const StoredSegment> segments);

/// WebVTT (https://www.w3.org/TR/webvtt1/) with a voice tag a track: `<v caller>`.
std::string render_vtt(std::span<const StoredSegment> segments);

}  // namespace trunkline::speech

#include <trunkline/base/text.hpp>
#include <trunkline/speech/render.hpp>

#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace trunkline::speech {
namespace {

std::string speaker(media::Track track) {
  if (track == media::Track::inbound) return "caller";
  if (track == media::Track::outbound) return "agent";
  return "participant " + std::to_string(media::index(track));
}

// `01:02.345`, with hours in front when there are any or when they are asked for.
std::string clock_time(std::int64_t ms, bool hours) {
  ms = std::max<std::int64_t>(ms, 0);
  const auto minutes = ms / 60'000;
  const auto rest = fmt::format("{:02}:{:02}.{:03}", minutes % 60, ms / 1'000 % 60, ms % 1'000);
  return hours || minutes >= 60 ? fmt::format("{:02}:{}", minutes / 60, rest) : rest;
}

// A segment is one line; what an engine put into it must not look like another.
std::string one_line(std::string_view raw) {
  auto line = text::valid_utf8(raw);
  std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return line;
}

std::string escape_vtt(std::string_view raw) {
  std::string out;
  for (const char c : one_line(raw)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

std::string render_json(std::span<const StoredSegment> segments) {
  auto items = nlohmann::json::array();
  for (const auto& [id, segment] : segments) {
    items.push_back({{"segmentId", id},
                     {"track", media::to_string(segment.track)},
                     {"startMs", segment.start_ms},
                     {"endMs", segment.end_ms},
                     {"text", text::valid_utf8(segment.text)},
                     {"displayText", text::escape_html(segment.text)},
                     {"confidence", segment.confidence},
                     {"engine", segment.engine},
                     {"language", segment.language}});
  }
  return items.dump();
}

std::string render_text(std::span<const StoredSegment> segments) {
  std::string out;
  for (const auto& [id, segment] : segments) {
    out += fmt::format("[{}] {}: {}\n", clock_time(segment.start_ms, false), speaker(segment.track),
                       one_line(segment.text));
  }
  return out;
}

std::string render_vtt(std::span<const StoredSegment> segments) {
  std::string out = "WEBVTT\n";
  for (const auto& [id, segment] : segments) {
    // A cue must end after it starts.
    const auto end_ms = std::max(segment.end_ms, segment.start_ms + 1);
    out += fmt::format("\n{}\n{} --> {}\n<v {}>{}\n", id, clock_time(segment.start_ms, true), clock_time(end_ms, true),
                       speaker(segment.track), escape_vtt(segment.text));
  }
  return out;
}

}  // namespace trunkline::speech

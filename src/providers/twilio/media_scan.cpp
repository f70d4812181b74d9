#include "providers/twilio/media_scan.hpp"

#include "providers/json_scan.hpp"

namespace trunkline::providers::twilio {
namespace {

enum Seen : unsigned {
  seen_event = 1,
  seen_sid = 2,
  seen_sequence = 4,
  seen_media = 8,
  seen_track = 16,
  seen_chunk = 32,
  seen_timestamp = 64,
  seen_payload = 128,
};
constexpr unsigned needed = seen_event | seen_sid | seen_media | seen_track | seen_timestamp | seen_payload;

constexpr std::size_t max_digits = 12;  // as max_timestamp_ms has

class Scanner {
 public:
  Scanner(std::string_view text, std::string_view stream_sid) : scan_(text), stream_sid_(stream_sid) {}

  std::optional<MediaFields> run() {
    const bool whole = scan_.members([this](std::string_view key) { return message_member(key); }) && scan_.at_end();
    if (!whole || (seen_ & needed) != needed) return std::nullopt;
    return fields_;
  }

 private:
  bool quoted_number(std::uint64_t& out) {
    std::string_view digits;
    if (!scan_.quoted(digits) || digits.empty() || digits.size() > max_digits) return false;
    out = 0;
    for (const char c : digits) {
      if (c < '0' || c > '9') return false;
      out = out * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return true;
  }
  bool first(Seen key) {
    const bool is_first = (seen_ & key) == 0;
    seen_ |= key;
    return is_first;
  }

  bool message_member(std::string_view key) {
    std::string_view value;
    if (key == "event") return first(seen_event) && scan_.quoted(value) && value == "media";
    if (key == "streamSid") return first(seen_sid) && scan_.quoted(value) && value == stream_sid_;
    if (key == "sequenceNumber") return first(seen_sequence) && quoted_number(fields_.sequence);
    return key == "media" && first(seen_media) &&
           scan_.members([this](std::string_view inner) { return media_member(inner); });
  }
  bool media_member(std::string_view key) {
    if (key == "payload") return first(seen_payload) && scan_.quoted(fields_.payload);
    if (key == "chunk") return first(seen_chunk) && quoted_number(fields_.chunk);
    if (key == "timestamp") {
      std::uint64_t ms = 0;
      if (!first(seen_timestamp) || !quoted_number(ms)) return false;
      fields_.timestamp_ms = static_cast<std::int64_t>(ms);
      return true;
    }
    std::string_view value;
    if (key != "track" || !first(seen_track) || !scan_.quoted(value)) return false;
    const auto track = parse_track(value);
    fields_.track = track.value_or(media::Track::inbound);
    return track.has_value();
  }

  JsonScan scan_;
  std::string_view stream_sid_;
  unsigned seen_ = 0;
  MediaFields fields_;
};

}  // namespace

std::optional<media::Track> parse_track(std::string_view name) {
  if (name == "inbound") return media::Track::inbound;
  if (name == "outbound") return media::Track::outbound;
  return std::nullopt;
}

std::optional<MediaFields> scan_media(std::string_view message, std::string_view stream_sid) {
  return Scanner(message, stream_sid).run();
}

}  // namespace trunkline::providers::twilio

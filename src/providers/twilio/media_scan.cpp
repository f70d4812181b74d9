#include "providers/twilio/media_scan.hpp"

#include <cstring>

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
  Scanner(std::string_view text, std::string_view stream_sid)
      : at_(text.data()), end_(at_ + text.size()), stream_sid_(stream_sid) {}

  std::optional<MediaFields> run() {
    if (!members(&Scanner::message_member)) return std::nullopt;
    skip_blanks();
    if (at_ != end_ || (seen_ & needed) != needed) return std::nullopt;
    return fields_;
  }

 private:
  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }
  bool take(char expected) {
    skip_blanks();
    if (at_ == end_ || *at_ != expected) return false;
    ++at_;
    return true;
  }
  // Up to the next quote, escapes not understood.
  bool quoted(std::string_view& out) {
    if (!take('"')) return false;
    const void* quote = std::memchr(at_, '"', static_cast<std::size_t>(end_ - at_));
    if (quote == nullptr) return false;
    const auto size = static_cast<std::size_t>(static_cast<const char*>(quote) - at_);
    out = {at_, size};
    at_ += size + 1;
    return true;
  }
  bool quoted_number(std::uint64_t& out) {
    std::string_view digits;
    if (!quoted(digits) || digits.empty() || digits.size() > max_digits) return false;
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

  bool members(bool (Scanner::*member)(std::string_view key)) {
    if (!take('{')) return false;
    do {
      std::string_view key;
      if (!quoted(key) || !take(':') || !(this->*member)(key)) return false;
    } while (take(','));
    return take('}');
  }
  bool message_member(std::string_view key) {
    std::string_view value;
    if (key == "event") return first(seen_event) && quoted(value) && value == "media";
    if (key == "streamSid") return first(seen_sid) && quoted(value) && value == stream_sid_;
    if (key == "sequenceNumber") return first(seen_sequence) && quoted_number(fields_.sequence);
    return key == "media" && first(seen_media) && members(&Scanner::media_member);
  }
  bool media_member(std::string_view key) {
    if (key == "payload") return first(seen_payload) && quoted(fields_.payload);
    if (key == "chunk") return first(seen_chunk) && quoted_number(fields_.chunk);
    if (key == "timestamp") {
      std::uint64_t ms = 0;
      if (!first(seen_timestamp) || !quoted_number(ms)) return false;
      fields_.timestamp_ms = static_cast<std::int64_t>(ms);
      return true;
    }
    std::string_view value;
    if (key != "track" || !first(seen_track) || !quoted(value)) return false;
    const auto track = parse_track(value);
    fields_.track = track.value_or(media::Track::inbound);
    return track.has_value();
  }

  const char* at_;
  const char* end_;
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

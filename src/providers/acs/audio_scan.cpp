#include "providers/acs/audio_scan.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/socket_state.hpp>

#include <algorithm>
#include <cstring>

namespace trunkline::providers::acs {
namespace {

enum Seen : unsigned {
  seen_kind = 1,
  seen_audio = 2,
  seen_timestamp = 4,
  seen_participant = 8,
  seen_payload = 16,
  seen_silent = 32,
};
constexpr unsigned needed = seen_kind | seen_audio | seen_payload;

class Scanner {
 public:
  explicit Scanner(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  std::optional<AudioFields> run() {
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
  bool take_word(std::string_view word) {
    skip_blanks();
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(word)) return false;
    at_ += word.size();
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
  // The same for a text of any content: it stands for itself.
  bool plain(std::string_view& out) {
    return quoted(out) && std::all_of(out.begin(), out.end(), [](char c) { return c >= ' ' && c <= '~' && c != '\\'; });
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
    if (key == "kind") return first(seen_kind) && quoted(value) && value == "AudioData";
    return key == "audioData" && first(seen_audio) && members(&Scanner::audio_member);
  }
  bool audio_member(std::string_view key) {
    if (key == "data") return first(seen_payload) && quoted(fields_.payload);
    if (key == "silent") return first(seen_silent) && flag();
    if (key == "participantRawID") return first(seen_participant) && participant();
    std::string_view value;
    if (key != "timestamp" || !first(seen_timestamp) || !plain(value)) return false;
    fields_.timestamp_ms = read_timestamp(value);
    return true;
  }
  bool flag() {
    fields_.silent = take_word("true");
    return fields_.silent || take_word("false");
  }
  bool participant() {
    return take_word("null") || (plain(fields_.participant) && fields_.participant.size() <= max_raw_id_bytes);
  }

  const char* at_;
  const char* end_;
  unsigned seen_ = 0;
  AudioFields fields_;
};

constexpr std::size_t date_size = std::string_view("2026-11-20T").size();
constexpr std::size_t max_timestamp_size = 40;

}  // namespace

std::optional<std::int64_t> read_timestamp(std::string_view text) {
  if (text.size() <= date_size || text.size() > max_timestamp_size) return std::nullopt;
  char with_zone[max_timestamp_size + 1];
  if (text.find_first_of("Zz+-", date_size) == text.npos) {
    *std::copy(text.begin(), text.end(), with_zone) = 'Z';
    text = {with_zone, text.size() + 1};
  }
  const auto time = text::parse_rfc3339(text);
  if (!time || to_millis(*time) < 0) return std::nullopt;
  return to_millis(*time);
}

std::optional<AudioFields> scan_audio(std::string_view message) {
  return Scanner(message).run();
}

}  // namespace trunkline::providers::acs

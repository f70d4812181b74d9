#include "providers/acs/audio_scan.hpp"

#include "providers/json_scan.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/socket_state.hpp>

#include <algorithm>

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
  explicit Scanner(std::string_view text) : scan_(text) {}

  std::optional<AudioFields> run() {
    const bool whole = scan_.members([this](std::string_view key) { return message_member(key); }) && scan_.at_end();
    if (!whole || (seen_ & needed) != needed) return std::nullopt;
    return fields_;
  }

 private:
  // A text of any content: it stands for itself.
  bool plain(std::string_view& out) {
    return scan_.quoted(out) &&
           std::all_of(out.begin(), out.end(), [](char c) { return c >= ' ' && c <= '~' && c != '\\'; });
  }
  bool first(Seen key) {
    const bool is_first = (seen_ & key) == 0;
    seen_ |= key;
    return is_first;
  }

  bool message_member(std::string_view key) {
    std::string_view value;
    if (key == "kind") return first(seen_kind) && scan_.quoted(value) && value == "AudioData";
    return key == "audioData" && first(seen_audio) &&
           scan_.members([this](std::string_view inner) { return audio_member(inner); });
  }
  bool audio_member(std::string_view key) {
    if (key == "data") return first(seen_payload) && scan_.quoted(fields_.payload);
    if (key == "silent") return first(seen_silent) && flag();
    if (key == "participantRawID") return first(seen_participant) && participant();
    std::string_view value;
    if (key != "timestamp" || !first(seen_timestamp) || !plain(value)) return false;
    fields_.timestamp_ms = read_timestamp(value);
    return true;
  }
  bool flag() {
    fields_.silent = scan_.take_word("true");
    return fields_.silent || scan_.take_word("false");
  }
  bool participant() {
    return scan_.take_word("null") || (plain(fields_.participant) && fields_.participant.size() <= max_raw_id_bytes);
  }

  JsonScan scan_;
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

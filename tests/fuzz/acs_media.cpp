#include "fuzz.hpp"
#include "providers/acs/audio_scan.hpp"
#include "providers/acs/media_message.hpp"
#include "providers/acs/socket_message.hpp"

#include <trunkline/base/base64.hpp>
#include <trunkline/providers/acs/media_machine.hpp>

#include <vector>

using namespace trunkline;
using namespace trunkline::fuzz;
using namespace trunkline::providers::acs;

namespace {

bool is_base64(std::string_view text) {
  std::vector<std::uint8_t> out(base64::max_decoded(text.size()));
  return base64::decode(text, out).has_value();
}

// What the scanner takes for an audio message, the JSON parser does too, field for field.
void check_scanner(std::string_view line) {
  const auto scanned = scan_audio(line);
  if (!scanned || !is_base64(scanned->payload)) return;
  const Reading reading = read_message(line, line.size());
  must(!reading.problem && reading.kind == "AudioData");
  const auto read = read_audio(reading.message);
  must(read.has_value());
  must(read->timestamp_ms == scanned->timestamp_ms && read->participant == scanned->participant);
  must(read->payload == scanned->payload && read->silent == scanned->silent);
}

// What the service understands of us is what we would have written.
void check_carrier(std::string_view line) {
  const auto message = carrier::parse_message(line);
  if (!message) return;
  std::string out;
  if (const auto* audio = std::get_if<carrier::Audio>(&*message)) {
    append_audio(out, audio->payload);
    must(std::get<carrier::Audio>(carrier::parse_message(out).value()).payload == audio->payload);
  } else {
    append_stop(out);
    must(std::holds_alternative<carrier::Stop>(carrier::parse_message(out).value()));
  }
}

// The same metadata, written and read again.
void check_start(const StreamStart& start) {
  must(start.format.sample_rate == 16'000 || start.format.sample_rate == 24'000);
  must(start.frame_bytes > 0 && start.frame_bytes % 2 == 0 && start.frame_bytes <= bytes_of(start.format, 1'000));
  std::string out;
  carrier::append_metadata(out, start);
  MediaMachine other{MonoTime{}};
  const auto action = other.step(out, MonoTime{});
  must(*std::get<Started>(action).start == start);
}

void check_frame(const MediaMachine& machine, const MediaReceived& frame) {
  must(!frame.payload.empty() && frame.payload.size() % 2 == 0 && frame.payload.size() <= 48'000);
  must(frame.participant < machine.participants().size());
  must(machine.participants()[frame.participant].size() <= max_raw_id_bytes);
  must(frame.timestamp_ms.value_or(0) >= 0);
}

void check_action(const MediaMachine& machine, const MediaAction& action) {
  must(machine.participants().size() <= max_participants);
  if (const auto* frame = std::get_if<MediaReceived>(&action)) check_frame(machine, *frame);
  if (const auto* started = std::get_if<Started>(&action)) check_start(*started->start);
  if (const auto* dtmf = std::get_if<DtmfReceived>(&action)) must(parse_tone({&dtmf->digit, 1}) == dtmf->digit);
  must(!std::holds_alternative<CloseSocket>(action) || machine.over());
}

}  // namespace

// Input: messages, one a line; an empty line lets a second pass.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = as_text(data, size);
  MonoTime now{};
  MediaMachine machine(now);
  while (!rest.empty()) {
    const std::string_view line = take_part(rest, '\n');
    const bool was_over = machine.over();
    if (line.empty()) {
      now += std::chrono::seconds(1);
      check_action(machine, machine.tick(now));
      continue;
    }
    check_scanner(line);
    check_carrier(line);
    const MediaAction action = machine.step(line, now);
    check_action(machine, action);
    must(!was_over || std::holds_alternative<Ignored>(action));
  }
  return 0;
}

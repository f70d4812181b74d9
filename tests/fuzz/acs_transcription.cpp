#include "fuzz.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/transcription_machine.hpp>

#include <algorithm>

using namespace trunkline;
using namespace trunkline::fuzz;
using namespace trunkline::providers::acs;

namespace {

// The same metadata, written and read again.
void check_start(const TranscriptionStart& start) {
  std::string out;
  carrier::append_transcription_metadata(out, start);
  TranscriptionMachine other{MonoTime{}};
  const auto action = other.step(out, MonoTime{});
  must(*std::get<MetadataReceived>(action).start == start);
}

void check_segment(const SegmentReceived& received) {
  const TranscribedSegment& segment = *received.segment;
  must(received.start_ms >= 0 && received.end_ms >= received.start_ms);
  must(segment.text.size() <= 16 * 1024 && text::is_utf8(segment.text) && segment.words.size() <= 1024);
  must(segment.offset_ticks >= 0 && segment.duration_ticks >= 0);
  must(segment.confidence.value_or(0) >= 0 && segment.confidence.value_or(0) <= 1);
  must(std::all_of(segment.words.begin(), segment.words.end(),
                   [](const TranscribedWord& word) { return word.text.size() <= 256 && text::is_utf8(word.text); }));
  std::string metadata;
  carrier::append_transcription_metadata(metadata, {});
  std::string out;
  carrier::append_transcription_data(out, segment);
  SocketLimits limits = transcription_limits;
  limits.message_bytes = std::max(metadata.size(), out.size());  // either may outgrow what it was read from
  TranscriptionMachine other({}, limits);
  other.step(metadata, MonoTime{});
  const auto action = other.step(out, MonoTime{});
  must(*std::get<SegmentReceived>(action).segment == segment);
}

void check_action(const TranscriptionMachine& machine, const TranscriptionAction& action) {
  if (const auto* metadata = std::get_if<MetadataReceived>(&action)) check_start(*metadata->start);
  if (const auto* segment = std::get_if<SegmentReceived>(&action)) check_segment(*segment);
  must(!std::holds_alternative<CloseSocket>(action) || machine.over());
}

}  // namespace

// Input: messages, one a line; an empty line lets a second pass.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = as_text(data, size);
  MonoTime now{};
  TranscriptionMachine machine(now);
  while (!rest.empty()) {
    const std::string_view line = take_part(rest, '\n');
    const bool was_over = machine.over();
    if (line.empty()) {
      now += std::chrono::seconds(1);
      check_action(machine, machine.tick(now));
      continue;
    }
    const TranscriptionAction action = machine.step(line, now);
    check_action(machine, action);
    must(!was_over || std::holds_alternative<Ignored>(action));
  }
  return 0;
}

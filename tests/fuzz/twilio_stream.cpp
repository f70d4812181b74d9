#include "fuzz.hpp"
#include "providers/twilio/media_scan.hpp"
#include "providers/twilio/stream_message.hpp"

#include <trunkline/base/base64.hpp>
#include <trunkline/providers/twilio/stream_machine.hpp>

#include <vector>

using namespace trunkline;
using namespace trunkline::fuzz;
using namespace trunkline::providers::twilio;

namespace {

constexpr std::string_view sid = "MZx";
constexpr std::size_t largest = 64 * 1024;

bool is_base64(std::string_view text) {
  std::vector<std::uint8_t> out(base64::max_decoded(text.size()));
  return base64::decode(text, out).has_value();
}

// What the scanner takes for a media message, the JSON parser does too, field for field.
void check_scanner(std::string_view line) {
  const auto scanned = scan_media(line, sid);
  if (!scanned || !is_base64(scanned->payload)) return;
  const auto message = nlohmann::json::parse(line, nullptr, false);
  must(!message.is_discarded() && *string_at(message, "event") == "media" && *string_at(message, "streamSid") == sid);
  const auto read = read_media(message);
  must(read.has_value());
  must(read->track == scanned->track && read->sequence == scanned->sequence && read->chunk == scanned->chunk);
  must(read->timestamp_ms == scanned->timestamp_ms && read->payload == scanned->payload);
}

// What the carrier understands of us is what we would have written.
void check_carrier(std::string_view line) {
  const auto message = carrier::parse_message(line, sid);
  if (!message) return;
  std::string out;
  if (const auto* media = std::get_if<carrier::Media>(&*message)) {
    append_media(out, sid, media->payload);
    must(std::get<carrier::Media>(carrier::parse_message(out, sid).value()).payload == media->payload);
  } else if (const auto* mark = std::get_if<carrier::Mark>(&*message)) {
    append_mark(out, sid, mark->name);
    must(std::get<carrier::Mark>(carrier::parse_message(out, sid).value()).name == mark->name);
  }
}

void check_start(const StreamStart& start) {
  must(is_stream_id(start.stream_sid) && is_stream_id(start.call_sid) && start.format == media::Format{});
  if (!is_stream_id(start.account_sid)) return;
  std::string out;
  carrier::append_start(out, 1, start);
  StreamMachine other{MonoTime{}};
  const auto action = other.step(out, MonoTime{});
  const auto& again = *std::get<Started>(action).start;
  must(again.call_sid == start.call_sid && again.tracks == start.tracks && again.parameters == start.parameters);
}

void check_action(const StreamMachine& machine, const StreamAction& action) {
  if (const auto* frame = std::get_if<MediaReceived>(&action)) {
    must(!frame->payload.empty() && frame->payload.size() <= largest && frame->timestamp_ms >= 0);
  }
  if (const auto* started = std::get_if<Started>(&action)) check_start(*started->start);
  const bool ends = std::holds_alternative<Stopped>(action) || std::holds_alternative<CloseSocket>(action);
  must(!ends || machine.over());
}

}  // namespace

// Input: messages, one a line; an empty line lets a second pass.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = as_text(data, size);
  MonoTime now{};
  StreamMachine machine(now);
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
    const StreamAction action = machine.step(line, now);
    check_action(machine, action);
    must(!was_over || std::holds_alternative<Ignored>(action));
  }
  return 0;
}

#include "providers/acs/socket_message.hpp"
#include "providers/acs/transcription_message.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/transcription_machine.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace trunkline::providers::acs {

using media::EndCause;
using net::CloseCode;
using nlohmann::json;

namespace {

constexpr std::int64_t ticks_per_ms = 10'000;

}  // namespace

TranscriptionMachine::TranscriptionMachine(MonoTime opened, SocketLimits limits) : socket_(opened, limits) {}

TranscriptionAction TranscriptionMachine::step(std::string_view message, MonoTime now) {
  if (over()) return socket_.ignore(Ignored::after_end);
  socket_.heard(now);
  const Reading reading = read_message(message, socket_.limits().message_bytes);
  if (reading.problem) {
    return std::visit([](const auto& outcome) { return TranscriptionAction(outcome); },
                      socket_.refuse(*reading.problem));
  }
  socket_.understood();
  if (text::iequals(reading.kind, "TranscriptionMetadata")) return on_metadata(reading.message);
  if (!text::iequals(reading.kind, "TranscriptionData")) return socket_.ignore(Ignored::unknown_kind);
  if (!socket_.started()) return socket_.ignore(Ignored::before_metadata);
  return on_data(reading.message);
}

TranscriptionAction TranscriptionMachine::tick(MonoTime now) {
  const auto close = socket_.tick(now);
  return close ? TranscriptionAction(*close) : TranscriptionAction{};
}

TranscriptionAction TranscriptionMachine::on_metadata(const json& message) {
  auto start = read_transcription_metadata(message);
  if (!start) return socket_.close(CloseCode::protocol_error, "metadata are malformed", EndCause::protocol_error);
  if (socket_.started()) {
    if (*start == start_) return socket_.ignore(Ignored::unexpected);
    if (start->call_connection_id != start_.call_connection_id) {
      return socket_.close(CloseCode::protocol_error, "metadata of another call came", EndCause::protocol_error);
    }
  }
  start_ = std::move(*start);
  socket_.start();
  return MetadataReceived{&start_};
}

TranscriptionAction TranscriptionMachine::on_data(const json& message) {
  auto segment = read_transcription_data(message);
  if (!segment) return socket_.ignore(Ignored::malformed);
  segment_ = std::move(*segment);
  ++segments_;
  if (!first_offset_) first_offset_ = segment_.offset_ticks;
  // Another speaker's segment may have begun before the first that came, and ended after it.
  const std::int64_t begin_ms = (segment_.offset_ticks - *first_offset_) / ticks_per_ms;
  const std::int64_t end_ms = begin_ms + segment_.duration_ticks / ticks_per_ms;
  return SegmentReceived{&segment_, std::max<std::int64_t>(begin_ms, 0), std::max<std::int64_t>(end_ms, 0)};
}

}  // namespace trunkline::providers::acs

#include "providers/twilio/media_scan.hpp"
#include "providers/twilio/stream_message.hpp"

#include <trunkline/base/base64.hpp>
#include <trunkline/providers/twilio/stream_machine.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace trunkline::providers::twilio {

using media::EndCause;
using net::CloseCode;
using nlohmann::json;

std::string_view to_string(Ignored reason) {
  static constexpr std::array<std::string_view, ignored_count> names = {"invalid-json", "malformed",    "unknown-event",
                                                                        "unexpected",   "before-start", "after-end",
                                                                        "wrong-stream", "bad-payload"};
  return names[static_cast<std::size_t>(reason)];
}

StreamMachine::StreamMachine(MonoTime opened, StreamMachineLimits limits)
    : limits_(limits), opened_(opened), heard_(opened) {}

StreamAction StreamMachine::step(std::string_view message, MonoTime now) {
  if (over()) return ignore(Ignored::after_end);
  heard_ = now;
  if (phase_ == Phase::started) {
    const auto fields = scan_media(message, start_.stream_sid);
    if (fields && decode(fields->payload)) {
      invalid_run_ = 0;
      return media_received(*fields);
    }
  }
  return read(message);
}

StreamAction StreamMachine::tick(MonoTime now) {
  if (now < deadline()) return {};
  if (phase_ == Phase::started) return close(CloseCode::normal, "no message for too long", EndCause::idle);
  return close(CloseCode::policy_violation, "no start in time", EndCause::protocol_error);
}

MonoTime StreamMachine::deadline() const {
  switch (phase_) {
    case Phase::accepted:
    case Phase::connected:
      return opened_ + limits_.start_timeout;
    case Phase::started:
      return limits_.idle_timeout.count() == 0 ? MonoTime::max() : heard_ + limits_.idle_timeout;
    case Phase::over:
      break;
  }
  return MonoTime::max();
}

StreamAction StreamMachine::read(std::string_view text) {
  const json message = json::parse(text, nullptr, false);
  if (message.is_discarded()) {
    if (++invalid_run_ < limits_.invalid_in_a_row) return ignore(Ignored::invalid_json);
    ignore(Ignored::invalid_json);
    return close(CloseCode::invalid_payload, "too many messages that are not JSON", EndCause::protocol_error);
  }
  invalid_run_ = 0;
  const std::string* event = string_at(message, "event");
  if (event == nullptr) return ignore(Ignored::malformed);
  if (*event == "connected") return on_connected();
  if (*event == "start") return on_start(message);

  struct Handler {
    std::string_view event;
    StreamAction (StreamMachine::*run)(const json&);
  };
  static constexpr Handler handlers[] = {{"media", &StreamMachine::on_media},
                                         {"mark", &StreamMachine::on_mark},
                                         {"dtmf", &StreamMachine::on_dtmf},
                                         {"stop", &StreamMachine::on_stop}};
  const auto* handler = std::find_if(std::begin(handlers), std::end(handlers),
                                     [&](const Handler& candidate) { return candidate.event == *event; });
  if (handler == std::end(handlers)) return ignore(Ignored::unknown_event);
  if (phase_ != Phase::started) return ignore(Ignored::before_start);
  const std::string* sid = string_at(message, "streamSid");
  if (sid == nullptr || *sid != start_.stream_sid) return ignore(Ignored::wrong_stream);
  return (this->*handler->run)(message);
}

StreamAction StreamMachine::on_connected() {
  if (phase_ != Phase::accepted) return ignore(Ignored::unexpected);
  phase_ = Phase::connected;
  return {};
}

StreamAction StreamMachine::on_start(const json& message) {
  if (phase_ == Phase::started) return close(CloseCode::protocol_error, "start came twice", EndCause::protocol_error);
  auto start = read_start(message);
  if (!start) return close(CloseCode::protocol_error, "start is malformed", EndCause::protocol_error);
  if (start->format != media::Format{}) {
    return close(CloseCode::unsupported_data, "only audio/x-mulaw at 8000 Hz", EndCause::protocol_error);
  }
  start_ = std::move(*start);
  phase_ = Phase::started;
  next_sequence_ = number_at(message, "sequenceNumber").value_or(1) + 1;
  return Started{&start_};
}

StreamAction StreamMachine::on_media(const json& message) {
  const auto fields = read_media(message);
  if (!fields) return ignore(Ignored::malformed);
  if (decode(fields->payload)) return media_received(*fields);
  note_sequence(fields->sequence);
  return ignore(Ignored::bad_payload);
}

StreamAction StreamMachine::media_received(const MediaFields& fields) {
  note_sequence(fields.sequence);
  ++counters_.media;
  return MediaReceived{fields.track, fields.timestamp_ms, fields.chunk, {payload_.data(), payload_size_}};
}

StreamAction StreamMachine::on_mark(const json& message) {
  note_sequence(number_at(message, "sequenceNumber").value_or(0));
  const json* body = object_at(message, "mark");
  const std::string* name = body == nullptr ? nullptr : string_at(*body, "name");
  if (name == nullptr) return ignore(Ignored::malformed);
  mark_ = *name;
  return MarkEchoed{mark_};
}

StreamAction StreamMachine::on_dtmf(const json& message) {
  note_sequence(number_at(message, "sequenceNumber").value_or(0));
  static constexpr std::string_view digits = "0123456789*#ABCD";
  const json* body = object_at(message, "dtmf");
  const std::string* digit = body == nullptr ? nullptr : string_at(*body, "digit");
  if (digit == nullptr || digit->size() != 1 || digits.find((*digit)[0]) == digits.npos) {
    return ignore(Ignored::malformed);
  }
  return DtmfReceived{(*digit)[0]};
}

StreamAction StreamMachine::on_stop(const json& message) {
  note_sequence(number_at(message, "sequenceNumber").value_or(0));
  phase_ = Phase::over;
  return Stopped{};
}

StreamAction StreamMachine::ignore(Ignored reason) {
  ++counters_.ignored[static_cast<std::size_t>(reason)];
  return reason;
}

StreamAction StreamMachine::close(CloseCode code, std::string_view reason, EndCause cause) {
  phase_ = Phase::over;
  return CloseSocket{code, reason, cause};
}

bool StreamMachine::decode(std::string_view payload) {
  if (payload.size() / 4 * 3 > limits_.payload_bytes + 3) return false;  // before making room for it
  if (const auto room = base64::max_decoded(payload.size()); payload_.size() < room) payload_.resize(room);
  payload_size_ = base64::decode(payload, payload_).value_or(0);
  return payload_size_ > 0 && payload_size_ <= limits_.payload_bytes;
}

void StreamMachine::note_sequence(std::uint64_t sequence) {
  if (sequence == 0) return;
  if (sequence < next_sequence_) {
    ++counters_.out_of_order;
    return;
  }
  counters_.missing += sequence - next_sequence_;
  next_sequence_ = sequence + 1;
}

}  // namespace trunkline::providers::twilio

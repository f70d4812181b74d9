#include "providers/acs/audio_scan.hpp"
#include "providers/acs/media_message.hpp"
#include "providers/acs/socket_message.hpp"

#include <trunkline/base/base64.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/media_machine.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace trunkline::providers::acs {

using media::EndCause;
using net::CloseCode;
using nlohmann::json;

MediaMachine::MediaMachine(MonoTime opened, SocketLimits limits) : socket_(opened, limits) {}

MediaAction MediaMachine::step(std::string_view message, MonoTime now) {
  if (over()) return socket_.ignore(Ignored::after_end);
  socket_.heard(now);
  if (socket_.started() && message.size() <= socket_.limits().message_bytes) {
    const auto fields = scan_audio(message);
    if (fields && decode(fields->payload)) {
      socket_.understood();
      return media_received(fields->participant, fields->timestamp_ms, fields->silent);
    }
  }
  return read(message);
}

MediaAction MediaMachine::tick(MonoTime now) {
  const auto close = socket_.tick(now);
  return close ? MediaAction(*close) : MediaAction{};
}

MediaAction MediaMachine::read(std::string_view text) {
  const Reading reading = read_message(text, socket_.limits().message_bytes);
  if (reading.problem) {
    return std::visit([](const auto& outcome) { return MediaAction(outcome); }, socket_.refuse(*reading.problem));
  }
  socket_.understood();
  if (text::iequals(reading.kind, "AudioMetadata")) return on_metadata(reading.message);
  const bool is_audio = text::iequals(reading.kind, "AudioData");
  if (!is_audio && !text::iequals(reading.kind, "DtmfData")) return socket_.ignore(Ignored::unknown_kind);
  if (!socket_.started()) return socket_.ignore(Ignored::before_metadata);
  return is_audio ? on_audio(reading.message) : on_dtmf(reading.message);
}

MediaAction MediaMachine::on_metadata(const json& message) {
  auto start = read_metadata(message);
  if (!start) return socket_.close(CloseCode::protocol_error, "metadata are malformed", EndCause::protocol_error);
  if (start->format.sample_rate == 0) {
    return socket_.close(CloseCode::unsupported_data, "only mono PCM at 16000 or 24000 Hz", EndCause::protocol_error);
  }
  if (socket_.started()) {
    if (*start == start_) return socket_.ignore(Ignored::unexpected);
    return socket_.close(CloseCode::protocol_error, "other metadata came later", EndCause::protocol_error);
  }
  start_ = std::move(*start);
  socket_.start();
  return Started{&start_};
}

MediaAction MediaMachine::on_audio(const json& message) {
  const auto fields = read_audio(message);
  if (!fields) return socket_.ignore(Ignored::malformed);
  if (!decode(fields->payload)) return socket_.ignore(Ignored::bad_payload);
  return media_received(fields->participant, fields->timestamp_ms, fields->silent);
}

MediaAction MediaMachine::media_received(std::string_view participant, std::optional<std::int64_t> timestamp_ms,
                                         bool silent) {
  const auto index = index_of(participant);
  if (!index) return socket_.ignore(Ignored::too_many_participants);
  ++counters_.media;
  if (silent) ++counters_.silent;
  if (!timestamp_ms) ++counters_.without_time;
  return MediaReceived{*index, timestamp_ms, {payload_.data(), payload_size_}, silent};
}

MediaAction MediaMachine::on_dtmf(const json& message) {
  const auto fields = read_dtmf(message);
  if (!fields) return socket_.ignore(Ignored::malformed);
  dtmf_participant_ = fields->participant;
  return DtmfReceived{fields->digit, dtmf_participant_, fields->timestamp_ms};
}

bool MediaMachine::decode(std::string_view payload) {
  const std::size_t most = bytes_of(start_.format, 1'000);
  if (payload.size() / 4 * 3 > most + 3) return false;  // before making room for it
  if (const auto room = base64::max_decoded(payload.size()); payload_.size() < room) payload_.resize(room);
  payload_size_ = base64::decode(payload, payload_).value_or(0);
  return payload_size_ > 0 && payload_size_ <= most && payload_size_ % start_.format.sample_bytes() == 0;
}

std::optional<std::uint8_t> MediaMachine::index_of(std::string_view participant) {
  const auto known = participants();
  const auto at = std::find(known.begin(), known.end(), participant);
  const auto index = static_cast<std::size_t>(at - known.begin());
  if (at == known.end()) {
    if (index == max_participants) return std::nullopt;
    participants_[index] = participant;
    ++participant_count_;
  }
  return static_cast<std::uint8_t>(index);
}

}  // namespace trunkline::providers::acs

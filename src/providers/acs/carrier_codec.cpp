#include "providers/acs/socket_message.hpp"

#include <trunkline/base/base64.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/media_codec.hpp>

#include <nlohmann/json.hpp>

namespace trunkline::providers::acs::carrier {
namespace {

using nlohmann::json;

constexpr std::size_t max_message_bytes = 1024 * 1024;

// Members after which others follow.
void append_origin(std::string& out, const Origin& origin) {
  if (origin.timestamp) {
    out += R"("timestamp":)";
    text::append_json_string(out, *origin.timestamp);
    out += ',';
  }
  if (!origin.participant) return;
  out += R"("participantRawID":)";
  if (origin.participant->empty()) {
    out += "null";
  } else {
    text::append_json_string(out, *origin.participant);
  }
  out += ',';
}

Error bad_message(std::string problem) {
  return make_error("bad_message", std::move(problem));
}

Result<Message> audio_message(const json& message) {
  const json* body = object_member(message, "audioData");
  const std::string* data = body == nullptr ? nullptr : text_member(*body, "data");
  if (data == nullptr) return bad_message("audioData: no data");
  Audio out;
  out.payload.resize(base64::max_decoded(data->size()));
  const auto size = base64::decode(*data, out.payload);
  if (!size) return bad_message("audioData: the data are not base64");
  if (*size == 0 || *size % 2 != 0) return bad_message("audioData: the data are no whole samples");
  out.payload.resize(*size);
  return out;
}

}  // namespace

void append_metadata(std::string& out, const StreamStart& start) {
  out.append(R"({"kind":"AudioMetadata","audioMetadata":{"subscriptionId":")").append(start.subscription_id);
  out.append(R"(","encoding":"PCM","sampleRate":)").append(std::to_string(start.format.sample_rate));
  out.append(R"(,"channels":1,"length":)").append(std::to_string(start.frame_bytes)).append("}}");
}

void append_audio_data(std::string& out, const Origin& origin, bool silent, std::span<const std::uint8_t> payload) {
  out += R"({"kind":"AudioData","audioData":{)";
  append_origin(out, origin);
  out += R"("data":")";
  base64::append(out, payload);
  out.append(R"(","silent":)").append(silent ? "true" : "false").append("}}");
}

void append_dtmf(std::string& out, const Origin& origin, std::string_view tone) {
  out += R"({"kind":"DtmfData","dtmfData":{)";
  append_origin(out, origin);
  out += R"("data":)";
  text::append_json_string(out, tone);
  out += "}}";
}

Result<Message> parse_message(std::string_view text) {
  const Reading reading = read_message(text, max_message_bytes);
  if (reading.problem) return bad_message("not a JSON object with a kind");
  if (text::iequals(reading.kind, "AudioData")) return audio_message(reading.message);
  if (!text::iequals(reading.kind, "StopAudio")) return bad_message("an unknown kind");
  if (object_member(reading.message, "stopAudio") == nullptr) return bad_message("stopAudio: no object");
  return Stop{};
}

}  // namespace trunkline::providers::acs::carrier

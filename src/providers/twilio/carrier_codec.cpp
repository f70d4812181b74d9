#include "providers/twilio/stream_message.hpp"

#include <trunkline/base/base64.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/providers/twilio/stream_codec.hpp>

#include <nlohmann/json.hpp>

namespace trunkline::providers::twilio::carrier {
namespace {

using nlohmann::json;

void open(std::string& out, std::string_view event, Place place) {
  out.append(R"({"event":")").append(event).append(R"(","sequenceNumber":")");
  out += std::to_string(place.sequence);
  out.append(R"(","streamSid":")").append(place.stream_sid).append(R"(",")").append(event).append(R"(":{)");
}

void append_format(std::string& out, const media::Format& format) {
  out.append(R"("mediaFormat":{"encoding":")");
  out.append(format.encoding == media::Encoding::mulaw ? "audio/x-mulaw" : "audio/x-l16");
  out.append(R"(","sampleRate":)");
  out += std::to_string(format.sample_rate);
  out += R"(,"channels":1})";
}

Error bad_message(std::string problem) {
  return make_error("bad_message", std::move(problem));
}

// The string `key` when it is all that `body` has, and `body` all that the message has beside event and streamSid.
const std::string* only_string(const json& message, const char* body, const char* key) {
  const json* object = object_at(message, body);
  return message.size() == 3 && object != nullptr && object->size() == 1 ? string_at(*object, key) : nullptr;
}

Result<Message> media_message(const json& message) {
  const std::string* text = only_string(message, "media", "payload");
  if (text == nullptr) return bad_message("media: only a payload is allowed");
  Media out;
  out.payload.resize(base64::max_decoded(text->size()));
  const auto size = base64::decode(*text, out.payload);
  if (!size) return bad_message("media: the payload is not base64");
  out.payload.resize(*size);
  return out;
}

}  // namespace

void append_connected(std::string& out) {
  out += R"({"event":"connected","protocol":"Call","version":"1.0.0"})";
}

void append_start(std::string& out, std::uint64_t sequence, const StreamStart& start) {
  open(out, "start", {sequence, start.stream_sid});
  out.append(R"("accountSid":")").append(start.account_sid);
  out.append(R"(","streamSid":")").append(start.stream_sid);
  out.append(R"(","callSid":")").append(start.call_sid).append(R"(","tracks":[)");
  for (std::size_t i = 0; i < start.tracks.size(); ++i) {
    out.append(i == 0 ? "\"" : ",\"").append(media::to_string(start.tracks[i])).append("\"");
  }
  out += "],";
  append_format(out, start.format);
  out += R"(,"customParameters":{)";
  bool first = true;
  for (const auto& [name, value] : start.parameters) {
    if (!first) out += ',';
    first = false;
    text::append_json_string(out, name);
    out += ':';
    text::append_json_string(out, value);
  }
  out += "}}}";
}

void append_media(std::string& out, Place place, const MediaMessage& message) {
  open(out, "media", place);
  out.append(R"("track":")").append(media::to_string(message.track)).append(R"(","chunk":")");
  out += std::to_string(message.chunk);
  out += R"(","timestamp":")";
  out += std::to_string(message.timestamp_ms);
  out += R"(","payload":")";
  base64::append(out, message.payload);
  out += R"("}})";
}

void append_dtmf(std::string& out, Place place, char digit) {
  open(out, "dtmf", place);
  out += R"("track":"inbound_track","digit":)";
  text::append_json_string(out, {&digit, 1});
  out += "}}";
}

void append_mark(std::string& out, Place place, std::string_view name) {
  open(out, "mark", place);
  out += R"("name":)";
  text::append_json_string(out, name);
  out += "}}";
}

void append_stop(std::string& out, std::uint64_t sequence, const StreamStart& start) {
  open(out, "stop", {sequence, start.stream_sid});
  out.append(R"("accountSid":")").append(start.account_sid);
  out.append(R"(","callSid":")").append(start.call_sid).append(R"("}})");
}

Result<Message> parse_message(std::string_view text, std::string_view stream_sid) {
  const json message = json::parse(text, nullptr, false);
  if (!message.is_object()) return bad_message("not a JSON object");
  const std::string* event = string_at(message, "event");
  const std::string* sid = string_at(message, "streamSid");
  if (event == nullptr || sid == nullptr) return bad_message("event or streamSid is missing");
  if (*sid != stream_sid) return bad_message("wrong streamSid");
  if (*event == "media") return media_message(message);
  if (*event == "mark") {
    const std::string* name = only_string(message, "mark", "name");
    if (name == nullptr) return bad_message("mark: only a name is allowed");
    return Mark{*name};
  }
  if (*event == "clear" && message.size() == 2) return Clear{};
  return bad_message("an unknown event or too many fields");
}

}  // namespace trunkline::providers::twilio::carrier

#include "providers/acs/callback_details.hpp"

#include "providers/acs/fields.hpp"

#include <trunkline/base/json.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/identifier.hpp>

#include <array>

namespace trunkline::providers::acs::details {
namespace {

using nlohmann::json;

constexpr std::size_t max_word = 64;
constexpr std::size_t max_label = 256;
constexpr std::size_t max_phrase = 1024;
constexpr std::size_t max_speech = 4096;
constexpr std::size_t max_name = 256;
constexpr std::size_t max_recording_id = 2048;
constexpr std::size_t max_tones = 256;
constexpr std::size_t max_participants = 500;
constexpr std::size_t max_roster_bytes = 60 * 1024;  // the rest of the event has room beside it

constexpr std::array<std::string_view, 16> tone_words = {"zero", "one",   "two",   "three", "four",  "five",
                                                         "six",  "seven", "eight", "nine",  "pound", "asterisk",
                                                         "a",    "b",     "c",     "d"};
constexpr std::string_view tone_digits = "0123456789#*ABCD";

// With capitals where ours have hyphens.
constexpr std::array stream_words = {
    std::string_view("subscriptionStarted"),
    std::string_view("streamConnectionReestablished"),
    std::string_view("streamConnectionUnsuccessful"),
    std::string_view("streamUrlMissing"),
    std::string_view("serviceShutdown"),
    std::string_view("streamConnectionInterrupted"),
    std::string_view("speechServicesConnectionError"),
    std::string_view("subscriptionStopped"),
    std::string_view("authenticationFailure"),
    std::string_view("badRequest"),
    std::string_view("tooManyRequests"),
    std::string_view("forbidden"),
    std::string_view("serviceTimeout"),
    std::string_view("initialWebSocketConnectionFailed"),
    std::string_view("transcriptionLocaleUpdated"),
};

std::optional<char> digit_of(std::string_view tone) {
  for (std::size_t i = 0; i < tone_words.size(); ++i) {
    if (text::iequals(tone_words.at(i), tone)) return tone_digits[i];
  }
  return std::nullopt;
}

std::string digits_of(const json& tones) {
  std::string out;
  if (!tones.is_array()) return out;
  for (const json& tone : tones) {
    const auto* word = tone.get_ptr<const std::string*>();
    const auto digit = word == nullptr ? std::nullopt : digit_of(*word);
    if (digit && out.size() < max_tones) out += *digit;
  }
  return out;
}

void put_number(json& data, const char* to, const json& wire, const char* key) {
  if (const auto value = fields::integer_at(wire, key)) data[to] = *value;
}

void put_party(json& data, const char* to, const json& wire, const char* key) {
  if (json party = party_at(wire, key); !party.is_null()) data[to] = std::move(party);
}

void put_confidence(json& data, const json& result) {
  const auto found = result.find("confidence");
  if (found != result.end() && found->is_number()) data["confidence"] = found->get<double>();
}

void put_update(json& data, const json& update, const char* status, const char* details) {
  fields::put(data, "status", fields::text_at(update, status, max_word));
  fields::put(data, "details", fields::text_at(update, details, max_word));
}

std::string hyphenated(std::string_view word) {
  std::string out;
  for (const char c : word) {
    const bool is_capital = c >= 'A' && c <= 'Z';
    if (is_capital) out += '-';
    out += is_capital ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

// Says more than the code where it says anything.
void put_stream_reason(json& data) {
  const std::string details = text_of(data, "details");
  for (const std::string_view word : stream_words) {
    if (text::iequals(word, details)) data["reason"] = hyphenated(word);
  }
}

json one_of_roster(const json& wire) {
  json out = party_at(wire, "identifier");
  if (out.is_null()) return out;
  out["muted"] = fields::flag_at(wire, "isMuted");
  out["onHold"] = fields::flag_at(wire, "isOnHold");
  return out;
}

}  // namespace

json party_at(const json& wire, const char* key) {
  const auto found = wire.find(key);
  if (found == wire.end()) return {};
  const auto party = read_identifier(*found);
  if (!party) return {};
  return {{"id", party->raw_id}, {"address", address_of(*party)}};
}

Result<> nothing(const json& /*wire*/, Occurrence& /*out*/) {
  return {};
}

Result<> participant(const json& wire, Occurrence& out) {
  put_party(out.data, "participant", wire, "participant");
  fields::put(out.data, "fromCall", fields::text_at(wire, "fromCall", max_name));
  return {};
}

Result<> transfer(const json& wire, Occurrence& out) {
  put_party(out.data, "target", wire, "transferTarget");
  put_party(out.data, "transferee", wire, "transferee");
  return {};
}

Result<> invitation(const json& wire, Occurrence& out) {
  fields::put(out.data, "invitationId", fields::text_at(wire, "invitationId", max_name));
  return {};
}

Result<> failed_source(const json& wire, Occurrence& out) {
  put_number(out.data, "failedPlaySourceIndex", wire, "failedPlaySourceIndex");
  return {};
}

Result<> recognition(const json& wire, Occurrence& out) {
  fields::put(out.data, "recognitionType", fields::word_at(wire, "recognitionType"));
  if (const json& dtmf = fields::object_at(wire, "dtmfResult"); dtmf.contains("tones")) {
    out.data["tones"] = digits_of(dtmf["tones"]);
  }
  const json& choice = fields::object_at(wire, "choiceResult");
  fields::put(out.data, "label", fields::text_at(choice, "label", max_label));
  fields::put(out.data, "recognizedPhrase", fields::text_at(choice, "recognizedPhrase", max_phrase));
  put_confidence(out.data, choice);
  const json& speech = fields::object_at(wire, "speechResult");
  fields::put(out.data, "speech", fields::text_at(speech, "speech", max_speech));
  put_confidence(out.data, speech);
  return {};
}

Result<> tone(const json& wire, Occurrence& out) {
  const auto digit = digit_of(text_of(wire, "tone"));
  if (!digit) return fields::bad("data.tone", "must be the word of a tone");
  out.data = {{"digit", std::string(1, *digit)}, {"source", "continuous"}};
  put_number(out.data, "sequence", wire, "sequenceId");
  return {};
}

Result<> roster(const json& wire, Occurrence& out) {
  const auto sequence = fields::integer_at(wire, "sequenceNumber");
  if (!sequence || *sequence < 0) return fields::bad("data.sequenceNumber", "must be a whole number");
  const auto list = wire.find("participants");
  if (list == wire.end() || !list->is_array()) return fields::bad("data.participants", "must be an array");
  json kept = json::array();
  std::size_t bytes = 0;
  for (const json& entry : *list) {
    if (kept.size() == max_participants) break;
    json one = one_of_roster(entry);
    if (one.is_null()) continue;
    bytes += one.dump().size() + 1;
    if (bytes > max_roster_bytes) break;
    kept.push_back(std::move(one));
  }
  const std::size_t dropped = list->size() - kept.size();
  out.data = {{"sequence", *sequence}, {"participants", std::move(kept)}};
  if (dropped > 0) out.data["participantsDropped"] = dropped;
  return {};
}

Result<> recording_state(const json& wire, Occurrence& out) {
  auto id = fields::name_at(wire, "recordingId", max_recording_id, "data.");
  if (!id) return id.error();
  if (id->empty()) return fields::bad("data.recordingId", "is missing");
  const std::string state = fields::word_at(wire, "state");
  if (state != "active" && state != "inactive") return fields::bad("data.state", "must be active or inactive");
  out.type = state == "active" ? calls::EventType::recording_started : calls::EventType::recording_stopped;
  out.data = {{"providerRecordingId", std::move(*id)}};
  fields::put(out.data, "kind", fields::text_at(wire, "recordingKind", max_word));
  if (const auto started = text::parse_rfc3339(text_of(wire, "startDateTime"))) {
    out.data["startedAt"] = text::to_rfc3339(*started);
  }
  return {};
}

Result<> recording_id(const json& wire, Occurrence& out) {
  if (auto id = fields::name_at(wire, "recordingId", max_recording_id, "data.")) {
    fields::put(out.data, "providerRecordingId", std::move(*id));
  }
  return {};
}

Result<> streaming(const json& wire, Occurrence& out) {
  const json& update = fields::object_at(wire, "mediaStreamingUpdate");
  put_update(out.data, update, "mediaStreamingStatus", "mediaStreamingStatusDetails");
  return {};
}

Result<> streaming_trouble(const json& wire, Occurrence& out) {
  out.data["streamId"] = out.connection_id;
  if (auto read = streaming(wire, out); !read) return read;
  put_stream_reason(out.data);
  return {};
}

Result<> transcription(const json& wire, Occurrence& out) {
  const json& update = fields::object_at(wire, "transcriptionUpdate");
  put_update(out.data, update, "transcriptionStatus", "transcriptionStatusDetails");
  return {};
}

Result<> transcription_trouble(const json& wire, Occurrence& out) {
  out.data["engine"] = "acs";
  if (auto read = transcription(wire, out); !read) return read;
  put_stream_reason(out.data);
  return {};
}

}  // namespace trunkline::providers::acs::details

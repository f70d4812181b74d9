#include <trunkline/base/json.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/results.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace trunkline::providers::acs {
namespace {

using nlohmann::json;

constexpr int max_depth = 32;
constexpr std::size_t max_listed = 1'000;
constexpr std::size_t max_text = 4'096;

// Trees are as deep as their text: whoever walks or frees one has a stack that ends.
bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > max_depth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

json parse(std::string_view body) {
  if (body.size() > max_answer || is_too_deep(body)) return json(json::value_t::discarded);
  return json::parse(body, nullptr, false);
}

Error unreadable(std::string_view what) {
  return make_error("provider_failed", "Azure's answer about " + std::string(what) + " could not be read");
}

std::string bounded(const json& object, const char* key) {
  std::string text = text_of(object, key);
  if (text.size() > max_text) text.clear();
  return text;
}

const json& inside(const json& object, const char* key) {
  static const json nothing = json::object();
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : nothing;
}

std::optional<Identifier> identifier_in(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return std::nullopt;
  auto identifier = read_identifier(*found);
  if (!identifier) return std::nullopt;
  return std::move(*identifier);
}

bool flag(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

ConnectionState state_of(const std::string& name) {
  static constexpr std::array<std::string_view, 7> names = {
      "unknown", "connecting", "connected", "transferring", "transferAccepted", "disconnecting", "disconnected"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (text::iequals(name, names.at(i))) return static_cast<ConnectionState>(i);
  }
  return ConnectionState::unknown;
}

std::optional<Participant> participant_of(const json& object) {
  if (!object.is_object()) return std::nullopt;
  auto identifier = identifier_in(object, "identifier");
  if (!identifier) return std::nullopt;
  return Participant{std::move(*identifier), flag(object, "isMuted"), flag(object, "isOnHold")};
}

bool is_code_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' || c == '_' || c == '-';
}

std::string code_in(const json& object) {
  const auto found = object.find("code");
  if (found == object.end()) return {};
  std::string code = found->is_number_integer() ? found->dump() : found->is_string() ? found->get<std::string>() : "";
  const bool sane = code.size() <= 64 && std::all_of(code.begin(), code.end(), is_code_character);
  return sane ? code : std::string();
}

// A message may repeat what we sent. Ids have 36 characters at most; tokens, contexts and signatures have more.
std::string without_tokens(std::string_view text) {
  constexpr std::size_t longest_word = 40;
  std::string out;
  while (!text.empty() && out.size() < 500) {
    const auto word = std::min(text.find_first_of(" '\"\r\n\t,;:()<>"), text.size());
    out.append(word > longest_word ? std::string_view("...") : text.substr(0, word));
    if (word < text.size()) out += text[word] < ' ' ? ' ' : text[word];
    text.remove_prefix(std::min(word + 1, text.size()));
  }
  return text::valid_utf8(out);
}

bool says_gone(const std::string& code) {
  return code == "8522" || code == "8528";
}

}  // namespace

Result<CallConnection> read_call_connection(std::string_view body) {
  const json object = parse(body);
  CallConnection out;
  if (object.is_object()) out.call = bounded(object, "callConnectionId");
  if (out.call.empty()) return unreadable("a call");
  out.server_call_id = bounded(object, "serverCallId");
  out.correlation_id = bounded(object, "correlationId");
  out.state = state_of(bounded(object, "callConnectionState"));
  if (const auto targets = object.find("targets"); targets != object.end() && targets->is_array()) {
    for (const json& target : *targets) {
      if (out.targets.size() == max_listed) break;
      if (auto identifier = read_identifier(target)) out.targets.push_back(std::move(*identifier));
    }
  }
  out.source = identifier_in(object, "source");
  out.caller_id = bounded(inside(object, "sourceCallerIdNumber"), "value");
  out.display_name = bounded(object, "sourceDisplayName");
  out.answered_for = bounded(inside(object, "answeredFor"), "value");
  out.media_streaming_state = bounded(inside(object, "mediaStreamingSubscription"), "state");
  out.transcription_state = bounded(inside(object, "transcriptionSubscription"), "state");
  return out;
}

std::optional<std::string> target_at(std::string_view endpoint, std::string_view url) {
  if (url.size() > max_text) return std::nullopt;
  for (const char c : url) {
    if (c <= ' ' || c == 0x7F || c == '#') return std::nullopt;
  }
  if (url.starts_with('/') && !url.starts_with("//")) return std::string(url);
  for (const std::string_view port : {"", ":443", ":80"}) {
    if (!port.empty() && (port == ":443") != endpoint.starts_with("https")) continue;
    const std::string prefix = std::string(endpoint).append(port);
    if (text::iequals(url.substr(0, prefix.size()), prefix) && url.substr(prefix.size()).starts_with('/')) {
      return std::string(url.substr(prefix.size()));
    }
  }
  return std::nullopt;
}

Result<ParticipantsPage> read_participants(std::string_view body, std::string_view endpoint) {
  const json object = parse(body);
  const auto value = object.is_object() ? object.find("value") : object.end();
  if (!object.is_object() || value == object.end() || !value->is_array()) return unreadable("participants");
  ParticipantsPage page;
  for (const json& one : *value) {
    if (page.participants.size() == max_listed) break;
    if (auto participant = participant_of(one)) page.participants.push_back(std::move(*participant));
  }
  const auto next = object.find("nextLink");
  if (next == object.end() || !next->is_string() || next->get_ref<const std::string&>().empty()) return page;
  auto target = target_at(endpoint, next->get_ref<const std::string&>());
  if (!target) return make_error("provider_failed", "Azure named a next page that is not at the endpoint");
  page.next = std::move(*target);
  return page;
}

Result<Participant> read_participant(std::string_view body) {
  auto participant = participant_of(parse(body));
  if (!participant) return unreadable("a participant");
  return std::move(*participant);
}

Result<AddedParticipant> read_added(std::string_view body) {
  const json object = parse(body);
  if (!object.is_object()) return unreadable("a participant");
  AddedParticipant out;
  if (auto participant = participant_of(inside(object, "participant"))) out.participant = std::move(*participant);
  out.invitation_id = bounded(object, "invitationId");
  return out;
}

Result<RecordingState> read_recording_state(std::string_view body) {
  const json object = parse(body);
  RecordingState out;
  if (object.is_object()) out.recording = bounded(object, "recordingId");
  if (out.recording.empty()) return unreadable("a recording");
  out.active = text::iequals(bounded(object, "recordingState"), "active");
  out.kind = bounded(object, "recordingKind");
  return out;
}

Result<Done> read_done(std::string_view) {
  return Done{};
}

ServiceError read_error(std::string_view body) {
  const json object = parse(body);
  ServiceError out;
  if (!object.is_object()) return out;
  const json* error = &inside(object, "error");
  if (error->empty()) error = &object;
  out.code = code_in(*error);
  const std::string message = text_of(*error, "message");
  out.message = without_tokens(message);
  constexpr std::string_view stale = "lifetime validation of the signed http request";
  out.stale = text::lower(std::string_view(message).substr(0, max_text)).find(stale) != std::string::npos;
  out.gone = says_gone(out.code);
  const json* inner = &inside(*error, "innererror");
  for (int depth = 0; depth < max_depth && !inner->empty(); ++depth, inner = &inside(*inner, "innererror")) {
    const std::string code = code_in(*inner);
    out.gone = out.gone || says_gone(code);
    if (!code.empty()) out.code = code;
  }
  return out;
}

Error error_of(std::string_view operation, int status, const ServiceError& said) {
  const std::string name(operation);
  if (said.stale) return make_error("stale_call", "the call stopped ringing before Azure was told: " + name);
  if (said.gone) return make_error("call_not_found_there", "Azure knows of no such call: " + name, said.message);
  if (status == 429) return make_error("rate_limited", "Azure asks for fewer requests: " + name, said.message);
  std::string message = "Azure answered with HTTP " + std::to_string(status);
  if (!said.code.empty()) message += " (" + said.code + ")";
  return make_error(status >= 500 ? "provider_unavailable" : "provider_failed", message + ": " + name, said.message);
}

}  // namespace trunkline::providers::acs

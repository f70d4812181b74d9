#include <trunkline/base/phone.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/calls/fold.hpp>
#include <trunkline/providers/twilio/webhook.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <iterator>

namespace trunkline::providers::twilio {
namespace {

using nlohmann::json;

/// Reads parameters one by one and remembers what was wrong with those without which a request means nothing. Twilio
/// does not send a callback again: what is odd about the rest of it is left out, not the callback.
class Reader {
 public:
  explicit Reader(const Params& params) : params_(params) {}

  std::string_view get(std::string_view name) const { return first_of(params_, name); }
  void fail(std::string_view field, std::string message) {
    errors_.push_back({std::string(field), std::move(message)});
  }

  std::string sid(std::string_view name, std::string_view prefix) {
    const std::string_view value = get(name);
    if (!is_sid(prefix, value)) fail(name, "must be " + std::string(prefix) + " and 32 hexadecimal digits");
    return std::string(value);
  }
  std::string party(std::string_view name) {
    const std::string_view value = get(name);
    if (!phone::is_party(value)) fail(name, "must be a number in E.164 form, client:name or sip:user@host");
    return std::string(value);
  }
  std::string optional_party(std::string_view name) const {
    return phone::is_party(get(name)) ? std::string(get(name)) : std::string();
  }
  std::optional<std::uint64_t> number(std::string_view name) const {
    const auto value = text::to_uint(get(name));
    return value && *value <= max_number ? value : std::nullopt;
  }
  /// One of `words`; its place there.
  template <std::size_t n>
  std::size_t word(std::string_view name, const std::array<std::string_view, n>& words) {
    const auto at = std::find(words.begin(), words.end(), get(name));
    if (at != words.end()) return static_cast<std::size_t>(at - words.begin());
    std::string known;
    for (const std::string_view candidate : words) known.append(known.empty() ? "" : ", ").append(candidate);
    fail(name, "must be one of " + known);
    return 0;
  }
  calls::Direction direction() const {  // inbound, outbound-api, outbound-dial, and of trunks trunking-...
    return get("Direction").starts_with("outbound") ? calls::Direction::outbound : calls::Direction::inbound;
  }
  std::optional<calls::MappedStatus> status() {
    const auto mapped = calls::map_twilio_status(get("CallStatus"));
    if (!mapped) fail("CallStatus", "is not a call status");
    return mapped;
  }
  /// Nothing happens after we are told of it. A time to the second may mean all of that second.
  WallTime timestamp(WallTime now) const {
    const auto time = sent_at(params_);
    return time ? std::min(*time + last_of(*time), now) : now;
  }

  /// `value` if nothing was wrong.
  template <class T>
  Parsed<T> result(T value) {
    if (!errors_.empty()) return InvalidParameters{std::move(errors_)};
    return value;
  }

 private:
  static milliseconds last_of(WallTime time) { return milliseconds{to_millis(time) % 1'000 == 0 ? 999 : 0}; }

  static constexpr std::uint64_t max_number = 1'000'000'000'000;

  const Params& params_;
  std::vector<FieldError> errors_;
};

// The token is not covered by the signature: it tells apart requests of one kind about one call and nothing else, and a
// strange one is not used.
std::string inbox_key(std::string_view kind, std::string_view call_sid, std::string_view token,
                      std::string_view fallback) {
  const auto is_plain = [](char c) { return c > ' ' && c < 0x7F; };
  const bool usable = !token.empty() && token.size() <= 128 && std::all_of(token.begin(), token.end(), is_plain);
  std::string key = "twilio:";
  key.append(kind).append(":").append(call_sid).append(":").append(usable ? token : fallback);
  return key;
}

// What has a field of its own, repeats one (Caller, Called), or is a secret (CallToken lets its bearer call in the
// caller's name).
bool is_metadata(std::string_view name) {
  static constexpr std::string_view others[] = {"CallSid",   "From",   "To",     "CallStatus",
                                                "Direction", "Caller", "Called", "CallToken"};
  return std::find(std::begin(others), std::end(others), name) == std::end(others);
}

std::map<std::string, std::string> metadata(const Params& params) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : params) {
    if (!value.empty() && is_metadata(name)) out.try_emplace(text::valid_utf8(name), text::valid_utf8(value));
  }
  return out;
}

// Without what is said of the callback and not of the call.
std::map<std::string, std::string> callback_metadata(const Params& params) {
  auto out = metadata(params);
  for (const char* name : {"CallbackSource", "Timestamp", "CallDuration", "Duration", "SequenceNumber"})
    out.erase(name);
  return out;
}

// Beyond what every request about a call repeats.
json callback_parameters(const Params& params) {
  json out = json::object();
  for (const auto& [name, value] : callback_metadata(params)) {
    const std::string_view key = name;
    const bool is_place = key.starts_with("From") || key.starts_with("To") || key.starts_with("Call");
    if (!is_place && key != "AccountSid" && key != "ApiVersion") out[name] = value;
  }
  return out;
}

// A recording's parameters without a field of their own.
std::map<std::string, std::string> recording_parameters(const Params& params) {
  static constexpr std::string_view taken[] = {"AccountSid",   "RecordingSid",      "RecordingStatus",
                                               "RecordingUrl", "RecordingDuration", "ErrorCode"};
  auto out = metadata(params);
  for (const std::string_view name : taken) out.erase(std::string(name));
  return out;
}

std::string status_data(const Params& params, const calls::MappedStatus& mapped, std::optional<std::uint64_t> sequence,
                        std::optional<std::uint64_t> duration) {
  json data = {{"status", calls::to_string(mapped.state)}, {"providerStatus", first_of(params, "CallStatus")}};
  if (sequence) data["sequence"] = *sequence;
  if (duration) data["duration"] = *duration;
  if (!mapped.reason.empty()) data["reason"] = mapped.reason;
  if (json others = callback_parameters(params); !others.empty()) data["parameters"] = std::move(others);
  return data.dump();
}

}  // namespace

Error InvalidParameters::to_error() const {
  std::string message;
  for (const auto& [field, problem] : fields) {
    message.append(message.empty() ? "" : "; ").append(field).append(": ").append(problem);
  }
  return make_error("invalid_parameter", std::move(message));
}

bool is_sid(std::string_view prefix, std::string_view text) {
  return text.size() == prefix.size() + 32 && text.starts_with(prefix) &&
         text.find_first_not_of("0123456789abcdefABCDEF", prefix.size()) == text.npos;
}

std::optional<WallTime> sent_at(const Params& params) {
  const std::string_view value = first_of(params, "Timestamp");
  const auto rfc2822 = text::parse_rfc2822(value);
  return rfc2822 ? rfc2822 : text::parse_rfc3339(value);
}

Parsed<calls::Arrival> parse_voice(const Params& params, std::string_view idempotency_token) {
  Reader in(params);
  calls::Arrival out;
  out.provider = "twilio";
  out.provider_call_id = in.sid("CallSid", "CA");
  in.sid("AccountSid", "AC");
  out.from = in.party("From");
  out.to = in.party("To");
  out.direction = in.direction();
  if (!in.get("CallStatus").empty()) {
    if (const auto mapped = in.status()) out.state = mapped->state;
  }
  out.inbox_key = inbox_key("voice", out.provider_call_id, idempotency_token, "");
  out.metadata = metadata(params);
  return in.result(std::move(out));
}

Parsed<calls::StatusUpdate> parse_status(const Params& params, std::string_view idempotency_token, WallTime now) {
  Reader in(params);
  calls::StatusUpdate out;
  out.provider = "twilio";
  out.provider_call_id = in.sid("CallSid", "CA");
  in.sid("AccountSid", "AC");
  out.from = in.optional_party("From");
  out.to = in.optional_party("To");
  out.direction = in.direction();
  out.metadata = callback_metadata(params);
  out.at = in.timestamp(now);
  const auto sequence = in.number("SequenceNumber");
  const auto duration = in.number("CallDuration");
  if (const auto mapped = in.status()) out.data = status_data(params, *mapped, sequence, duration);

  const std::string fallback = std::string(in.get("SequenceNumber")).append(":").append(in.get("CallStatus"));
  out.inbox_key = inbox_key("status", out.provider_call_id, idempotency_token, fallback);
  return in.result(std::move(out));
}

Parsed<StreamStatus> parse_stream_status(const Params& params, std::string_view idempotency_token, WallTime now) {
  static constexpr std::array<std::string_view, 3> events = {"stream-started", "stream-stopped", "stream-error"};
  Reader in(params);
  StreamStatus out;
  out.call_sid = in.sid("CallSid", "CA");
  out.stream_sid = in.sid("StreamSid", "MZ");
  out.event = static_cast<StreamStatus::Event>(in.word("StreamEvent", events));
  out.error = text::valid_utf8(in.get("StreamError"));
  out.at = in.timestamp(now);
  const std::string fallback = out.stream_sid + ':' + std::string(in.get("StreamEvent"));
  out.inbox_key = inbox_key("stream", out.call_sid, idempotency_token, fallback);
  return in.result(std::move(out));
}

Parsed<RecordingStatus> parse_recording_status(const Params& params, std::string_view idempotency_token) {
  static constexpr std::array<std::string_view, 4> statuses = {"in-progress", "completed", "absent", "failed"};
  Reader in(params);
  RecordingStatus out;
  out.call_sid = in.sid("CallSid", "CA");
  out.recording_sid = in.sid("RecordingSid", "RE");
  out.status = static_cast<RecordingStatus::Status>(in.word("RecordingStatus", statuses));
  out.url = text::valid_utf8(in.get("RecordingUrl"));
  out.duration_s = in.number("RecordingDuration");
  if (const auto code = in.get("ErrorCode"); code != "0") out.error_code = text::valid_utf8(code);
  out.parameters = recording_parameters(params);
  const std::string fallback = out.recording_sid + ':' + std::string(in.get("RecordingStatus"));
  out.inbox_key = inbox_key("recording", out.call_sid, idempotency_token, fallback);
  return in.result(std::move(out));
}

}  // namespace trunkline::providers::twilio

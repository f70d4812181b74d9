#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/form.hpp>
#include <trunkline/calls/call_service.hpp>

#include <boost/system/result.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Twilio's webhook parameters as neutral values. The signature was checked before.
namespace trunkline::providers::twilio {

struct FieldError {
  std::string field;
  std::string message;
  friend bool operator==(const FieldError&, const FieldError&) = default;
};

/// Everything that is wrong with a request, at once.
struct InvalidParameters {
  std::vector<FieldError> fields;

  /// Code `invalid_parameter`; the message names every field.
  Error to_error() const;
};

template <class T>
using Parsed = boost::system::result<T, InvalidParameters>;

/// `idempotency_token` below is the value of `I-Twilio-Idempotency-Token`, or empty. With it, or else with what is
/// unique in the parameters, a repeated request is recognised among those of its kind about its call: the `inbox_key`.
/// What has no field of its own is kept as metadata under the provider's name, empty values and call tokens aside.

/// The request for a call's first document.
Parsed<calls::Arrival> parse_voice(const Params& params, std::string_view idempotency_token);

/// A call's progress. `now` stands in for a missing Timestamp. Nothing but the ids and CallStatus is needed: Twilio
/// does not repeat a callback, so that what is malformed in the rest of it is left out.
Parsed<calls::StatusUpdate> parse_status(const Params& params, std::string_view idempotency_token, WallTime now);

struct StreamStatus {
  enum class Event { started, stopped, error };

  std::string inbox_key;
  std::string call_sid;
  std::string stream_sid;
  Event event = Event::started;
  std::string error;  ///< the provider's text
  WallTime at;
};
Parsed<StreamStatus> parse_stream_status(const Params& params, std::string_view idempotency_token, WallTime now);

/// A recording that the provider makes itself.
struct RecordingStatus {
  enum class Status { in_progress, completed, absent, failed };

  std::string inbox_key;
  std::string call_sid;
  std::string recording_sid;
  Status status = Status::in_progress;
  std::string url;  ///< without extension; not public
  std::optional<std::uint64_t> duration_s;
  std::string error_code;                         ///< empty when there is none
  std::map<std::string, std::string> parameters;  ///< those without a field here, under the provider's names
};
Parsed<RecordingStatus> parse_recording_status(const Params& params, std::string_view idempotency_token);

/// When Twilio says that a callback's event happened: RFC 2822 in call callbacks, to the second; RFC 3339 in stream
/// callbacks. Nothing when the request does not say.
std::optional<WallTime> sent_at(const Params& params);

/// `prefix` and 32 hexadecimal digits.
bool is_sid(std::string_view prefix, std::string_view text);

}  // namespace trunkline::providers::twilio

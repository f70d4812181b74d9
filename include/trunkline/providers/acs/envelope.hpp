#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/result.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What Event Grid and Call Automation send by HTTP, taken out of its envelopes. Who sent it was checked before.
namespace trunkline::providers::acs {

/// One event, by Event Grid's schema (`topic`, `eventType`, `eventTime`) or CloudEvents 1.0 (`source`, `type`, `time`).
struct Envelope {
  std::string id;
  std::string source;  ///< with `id` it names the event; empty when an event of Event Grid's schema has no topic
  std::string type;    ///< `Microsoft.Communication.CallConnected`
  std::optional<WallTime> time;
  std::string subject;
  nlohmann::json data;  ///< null when there is none; at most 32 levels deep

  friend bool operator==(const Envelope&, const Envelope&) = default;
};

/// Reads a body: one event or an array of them, in either schema, names of members in any case (the exact one counts
/// more). `data_base64` is decoded when it is JSON. What does not name itself is an error in its place, `invalid_event`
/// with a message that begins with `event N: ` (from 0) and names the field, and leaves the others alone.
///
/// Errors of the body as a whole: `invalid_json` (also deeper than 32 levels), `invalid_body` (neither an object nor an
/// array), `too_many_events` (more than 5000, as many as Event Grid puts in a batch). How many bytes a body may have is
/// for the server to say.
Result<std::vector<Result<Envelope>>> read_envelopes(std::string_view body);

/// By what an event is known when it comes again: `acs/<source>/<id>`, and when that has more than 200 bytes the
/// SHA-256 of what follows `acs/` as hexadecimal digits.
std::string inbox_key(const Envelope& envelope);

/// What the header `aeg-event-type` says of a request of Event Grid.
enum class Delivery : std::uint8_t { notification, validation, deletion };
/// Nothing when the header is absent (empty) or has another word, as with callbacks.
std::optional<Delivery> parse_delivery(std::string_view aeg_event_type);

}  // namespace trunkline::providers::acs

#pragma once

#include <trunkline/providers/acs/envelope.hpp>
#include <trunkline/providers/acs/identifier.hpp>

#include <map>

namespace trunkline::providers::acs {

inline constexpr std::string_view incoming_call_type = "Microsoft.Communication.IncomingCall";

/// A call that rings, for 30 seconds at most.
struct IncomingCall {
  Identifier to;
  Identifier from;
  std::optional<Identifier> on_behalf_of;  ///< whose call it was before it was forwarded to `to`
  std::string server_call_id;
  std::string correlation_id;
  std::string caller_name;  ///< as the caller gives it: at most 256 bytes
  std::string context;      ///< who has it can answer the call: never shown, logged or stored in an event

  /// What the caller's side sent along, texts only: 64 of each, names of at most 128 bytes; values are cut to 4096.
  std::map<std::string, std::string> sip_headers;
  std::map<std::string, std::string> voip_headers;
  std::size_t headers_dropped = 0;
};

/// Errors `invalid_event`, naming the field: without `to`, `from` and `incomingCallContext` (at most 16 KiB) a call can
/// be neither routed nor answered.
Result<IncomingCall> read_incoming_call(const Envelope& envelope);

}  // namespace trunkline::providers::acs

#pragma once

#include <trunkline/base/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The verbs of TwiML that Trunkline answers with and that its simulator follows. Empty texts are left out of the
/// document, where the provider's default then holds.
namespace trunkline::providers::twilio::twiml {

struct Say {
  std::string text;
  std::string language;
  std::string voice;
  friend bool operator==(const Say&, const Say&) = default;
};

struct Pause {
  std::uint32_t length_s = 1;
  friend bool operator==(const Pause&, const Pause&) = default;
};

struct Play {
  std::string url;
  std::string digits;  ///< tones to play instead; `w` is half a second
  friend bool operator==(const Play&, const Play&) = default;
};

struct Parameter {
  std::string name;
  std::string value;
  friend bool operator==(const Parameter&, const Parameter&) = default;
};

/// A media stream. `url` is `wss` and has no query: the provider drops or refuses one, so data travels as parameters.
struct Stream {
  std::string url;
  std::string name;   ///< unique per call
  std::string track;  ///< `inbound_track` (the default and all that Connect allows), `outbound_track`, `both_tracks`
  std::string status_callback;
  std::vector<Parameter> parameters;
  friend bool operator==(const Stream&, const Stream&) = default;
};

/// Bidirectional; the next verb runs when the stream is over.
struct Connect {
  Stream stream;
  std::string action;
  friend bool operator==(const Connect&, const Connect&) = default;
};

/// Unidirectional; the next verb runs at once.
struct Start {
  Stream stream;
  friend bool operator==(const Start&, const Start&) = default;
};

struct Dial {
  std::string number;  ///< E.164, `client:name` or `sip:user@host`
  std::string caller_id;
  std::string action;
  std::optional<std::uint32_t> timeout_s;
  friend bool operator==(const Dial&, const Dial&) = default;
};

struct Reject {
  std::string reason;  ///< `rejected` (the default) or `busy`
  friend bool operator==(const Reject&, const Reject&) = default;
};

struct Hangup {
  friend bool operator==(const Hangup&, const Hangup&) = default;
};

struct Redirect {
  std::string url;
  std::string method;
  friend bool operator==(const Redirect&, const Redirect&) = default;
};

using Verb = std::variant<Say, Pause, Play, Connect, Start, Dial, Reject, Hangup, Redirect>;

/// What a call does, verb after verb; when none is left the call ends.
struct Document {
  std::vector<Verb> verbs;
  friend bool operator==(const Document&, const Document&) = default;
};

/// The provider's limit for a document (error 11750).
inline constexpr std::size_t max_document_bytes = 64 * 1024;

/// Characters that XML cannot carry are left out. Error `twiml_too_large`.
Result<std::string> to_xml(const Document& document);

/// Errors: `twiml_too_large`, `invalid_xml`, `invalid_twiml` (a verb that is unknown or lacks what it needs).
Result<Document> parse_twiml(std::string_view text);

}  // namespace trunkline::providers::twilio::twiml

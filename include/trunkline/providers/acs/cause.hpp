#pragma once

#include <trunkline/calls/call.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace trunkline::providers::acs {

/// Why something came out as it did: `resultInformation` of a callback.
struct Cause {
  /// A SIP status (RFC 3261 section 21) or a Q.850 cause: what the telephone network said.
  struct Detail {
    std::int64_t code = 0;
    std::string message;  ///< at most 256 bytes
  };

  std::optional<std::int64_t> code;      ///< as of HTTP or SIP: 200, 400, 603
  std::optional<std::int64_t> sub_code;  ///< what it is about: 8531
  std::string message;                   ///< at most 1024 bytes
  std::optional<Detail> sip;
  std::optional<Detail> q850;
};

/// Of a callback's data; what is missing or of another kind is left out.
Cause read_cause(const nlohmann::json& data);

/// Our word for a sub-code that is known (`initial-silence`, `busy`, `bad-stream-url`, ...), else empty.
std::string_view reason_of(const Cause& cause);

/// Adds code, subCode, message, sip {code, message} and q850 {code, message}, as far as known.
void add_to(nlohmann::json& data, const Cause& cause);

/// How a call is over. `reason` is its endReason.
struct Ending {
  calls::State state = calls::State::ended;
  std::string reason;
};

/// What of: a call that is disconnected, one that could not be created or joined, one that could not be answered.
enum class Over : std::uint8_t { disconnected, not_begun, not_answered };

/// The first of these that applies; a code of 0 or 2xx is a success, and so is none where the SIP status is none or a
/// success, too:
///
/// | says                                                    | state     | reason                                  |
/// |---------------------------------------------------------|-----------|-----------------------------------------|
/// | sub-code 8538                                           | DECLINED  | declined                                |
/// | sub-code 8539                                           | BUSY      | busy                                    |
/// | sub-code 8541, 8544                                     | FAILED    | unreachable                             |
/// | sub-code 8586, 8587                                     | MISSED    | no-answer                               |
/// | code, else SIP status: 603, 607, 608                    | DECLINED  | declined                                |
/// | code, else SIP status: 486, 600                         | BUSY      | busy                                    |
/// | code, else SIP status: 408, 480                         | MISSED    | no-answer                               |
/// | code, else SIP status: 487                              | CANCELLED | canceled                                |
/// | Q.850 cause 17 / 18, 19 / 21, unless a success          | BUSY / MISSED / DECLINED | as above                 |
/// | not answered, sub-code 8522, 8528: the caller gave up   | CANCELLED | canceled                                |
/// | disconnected, a success                                 | ENDED     | completed                               |
/// | disconnected, anything else                             | ENDED     | our word, else `code-` and the code     |
/// | not begun or answered, anything else                    | FAILED    | our word, else failed                   |
///
/// A disconnected call may never have been answered, which is what the upper half is for. Whether it was is not said
/// here: of a call that is known to have been connected take `ended_after_talk`.
Ending ending_of(const Cause& cause, Over what);

/// Of a call that was connected: ENDED, with the reason of `ending`.
Ending ended_after_talk(Ending ending);

}  // namespace trunkline::providers::acs

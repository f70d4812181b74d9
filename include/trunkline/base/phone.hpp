#pragma once

#include <string_view>

namespace trunkline::phone {

/// ITU-T E.164 with leading plus: `+` and 2 to 15 digits, the first not 0.
bool is_e164(std::string_view number);

/// What may stand at either end of a call: E.164, `client:name`, `sip:user@host`, or the words that carriers send
/// for a withheld caller (`anonymous`, `restricted`, `unavailable`, `unknown`, and their short code forms of 3 to 6
/// digits).
bool is_party(std::string_view address);

}  // namespace trunkline::phone

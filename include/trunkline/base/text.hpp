#pragma once

#include <trunkline/base/clock.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::text {

/// RFC 3339 in UTC with milliseconds: `2026-11-20T18:12:38.123Z`.
std::string to_rfc3339(WallTime time);

/// Accepts any RFC 3339 time, with fraction of up to nanoseconds (truncated) and any offset.
std::optional<WallTime> parse_rfc3339(std::string_view text);

/// Accepts the date of e-mail and of Twilio callbacks: `Sun, 30 Aug 2026 08:39:26 +0000` (RFC 2822).
std::optional<WallTime> parse_rfc2822(std::string_view text);

/// `Sun, 30 Aug 2026 08:39:26 +0000`: whole seconds, rounded down. HTTP writes the zone as `GMT` (RFC 9110
/// section 5.6.7).
std::string to_rfc2822(WallTime time, std::string_view utc = "+0000");

/// `%41` -> `A`; a lone `%` stays as it is. `plus_is_space` for form bodies and query strings.
std::string percent_decode(std::string_view text, bool plus_is_space);

/// Escapes everything but RFC 3986 unreserved characters.
std::string percent_encode(std::string_view text);

bool iequals(std::string_view a, std::string_view b);
std::string lower(std::string_view text);
std::string_view trim(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);

/// The whole of `text` as a decimal number, or nothing. No sign for unsigned, no blanks, no overflow.
std::optional<std::int64_t> to_int(std::string_view text);
std::optional<std::uint64_t> to_uint(std::string_view text);

/// For logs: `+14155550123` -> `+1415*****23`. Anything shorter than seven characters is masked whole.
std::string mask_number(std::string_view number);

/// For display of text that a foreigner supplied: `&<>"'` become entities, control characters go, invalid UTF-8
/// becomes U+FFFD.
std::string escape_html(std::string_view text);

/// Bytes of the well-formed UTF-8 sequence (RFC 3629) at the front of `text`, which is not empty; 0 when there is none.
std::size_t utf8_sequence(std::string_view text);

/// Well-formed UTF-8 (RFC 3629). Fast for ASCII: the media path asks it of every message.
bool is_utf8(std::string_view text);

/// Replaces invalid UTF-8 by U+FFFD, so that JSON can carry it.
std::string valid_utf8(std::string_view text);

/// Appends `text` as the inside of a JSON string (RFC 8259 section 7): quotes, backslashes and control characters are
/// escaped, invalid UTF-8 becomes U+FFFD.
void append_json_escaped(std::string& out, std::string_view text);
/// The same with its quotes.
void append_json_string(std::string& out, std::string_view text);

}  // namespace trunkline::text

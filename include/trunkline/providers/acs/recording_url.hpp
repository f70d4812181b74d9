#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/net/range.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace trunkline::providers::acs {

/// Where a recording of the service lies: a host that we send a signed request to, because an event says so.
struct RecordingUrl {
  std::string url;            ///< as it was named
  std::string signed_target;  ///< what the signature covers: the path without the query, as if at our own endpoint
};

/// Only what Microsoft keeps recordings on (`*.asm.skype.com`, `*.asyncgw.teams.microsoft.com`,
/// `*.ams.gov.teams.microsoft.us`), by https, and the hosts in `also`, which are given with their port, by http as
/// well: everybody else would be handed a signature of ours. Error `recording_url_refused`: names the host.
Result<RecordingUrl> recording_url(std::string_view url, std::span<const std::string> also);

/// A `Content-Range` of bytes (RFC 9110 section 14.4).
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t length = 0;  ///< 0: of a 416, which has only a total
  std::uint64_t total = 0;
};
/// Nothing when it is none, or does not say how much there is in all.
std::optional<ContentRange> read_content_range(std::string_view value);

/// The value of `Range` for a part that is not empty.
std::string range_header(const net::ByteRange& range);

}  // namespace trunkline::providers::acs

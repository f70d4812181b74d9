#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/net/range.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::providers::acs {

/// Where a recording of the service lies: a host that we send a signed request to, because an event says so.
struct RecordingUrl {
  std::string url;            ///< as it was named
  std::string signed_target;  ///< what the signature covers: the path without the query, as if at our own endpoint
};

/// Who may be asked for recordings beside Microsoft.
struct RecordingHosts {
  std::vector<std::string> also;  ///< with the port where it is not the scheme's own
  bool plain_loopback = false;    ///< those of them that are loopback addresses by http as well: for simulators
};

/// Only what Microsoft keeps recordings on (`*.asm.skype.com`, `*.asyncgw.teams.microsoft.com`,
/// `*.ams.gov.teams.microsoft.us`), and the hosts that are named, all by https: everybody else would be handed a
/// signature of ours. Error `recording_url_refused`: names the host.
Result<RecordingUrl> recording_url(std::string_view url, const RecordingHosts& hosts);

/// Where an answer to a request for `url` sends whoever asked, if it does: for recording_url() to look at.
std::optional<std::string> redirected(const RecordingUrl& url, int status, std::string_view location);

/// `http://127.0.0.1:4000`: a service that is played on this machine.
bool is_plain_loopback(std::string_view url);

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

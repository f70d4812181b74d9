#include <trunkline/base/text.hpp>
#include <trunkline/net/url.hpp>
#include <trunkline/providers/acs/recording_url.hpp>

#include <algorithm>
#include <array>

namespace trunkline::providers::acs {
namespace {

constexpr std::array<std::string_view, 3> keepers = {".asm.skype.com", ".asyncgw.teams.microsoft.com",
                                                     ".ams.gov.teams.microsoft.us"};
constexpr std::size_t max_url = 4'096;

bool is_microsofts(const net::Url& url) {
  const std::string host = text::lower(url.host);
  return url.scheme == "https" && std::any_of(keepers.begin(), keepers.end(), [&](std::string_view keeper) {
           return host.size() > keeper.size() && host.ends_with(keeper);
         });
}

bool is_among(const net::Url& url, std::span<const std::string> hosts) {
  if (url.scheme != "https" && url.scheme != "http") return false;
  const std::string authority = url.authority();
  return std::any_of(hosts.begin(), hosts.end(),
                     [&](const std::string& host) { return text::iequals(host, authority); });
}

}  // namespace

Result<RecordingUrl> recording_url(std::string_view url, std::span<const std::string> also) {
  const auto parsed = url.size() <= max_url ? net::parse_url(url) : make_error("invalid_url", "too long");
  if (!parsed) return make_error("recording_url_refused", "the recording's location is no usable URL");
  if (!is_microsofts(*parsed) && !is_among(*parsed, also)) {
    return make_error("recording_url_refused",
                      "no recording is fetched from " + parsed->scheme + "://" + parsed->authority());
  }
  return RecordingUrl{std::string(url), parsed->target.substr(0, parsed->target.find('?'))};
}

std::optional<ContentRange> read_content_range(std::string_view value) {
  constexpr std::string_view unit = "bytes ";
  if (!text::iequals(value.substr(0, unit.size()), unit)) return std::nullopt;
  value.remove_prefix(unit.size());
  const auto slash = value.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto total = text::to_uint(value.substr(slash + 1));
  const std::string_view part = value.substr(0, slash);
  if (!total) return std::nullopt;
  if (part == "*") return ContentRange{0, 0, *total};
  const auto dash = part.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = text::to_uint(part.substr(0, dash));
  const auto last = text::to_uint(part.substr(dash + 1));
  if (!first || !last || *first > *last || *last >= *total) return std::nullopt;
  return ContentRange{*first, *last - *first + 1, *total};
}

std::string range_header(const net::ByteRange& range) {
  return "bytes=" + std::to_string(range.offset) + "-" + std::to_string(range.offset + range.length - 1);
}

}  // namespace trunkline::providers::acs

#include <trunkline/base/text.hpp>
#include <trunkline/net/url.hpp>
#include <trunkline/providers/acs/recording_url.hpp>

#include <boost/asio/ip/address.hpp>

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

bool is_loopback(std::string_view host) {
  boost::system::error_code none;
  const auto address = boost::asio::ip::make_address(host, none);
  return !none && address.is_loopback();
}

bool is_among(const net::Url& url, const RecordingHosts& hosts) {
  const bool plain = url.scheme == "http" && hosts.plain_loopback && is_loopback(url.host);
  if (url.scheme != "https" && !plain) return false;
  const std::string authority = url.authority();
  return std::ranges::any_of(hosts.also, [&](const std::string& host) { return text::iequals(host, authority); });
}

}  // namespace

bool is_plain_loopback(std::string_view url) {
  const auto parsed = net::parse_url(url);
  return parsed && parsed->scheme == "http" && is_loopback(parsed->host);
}

std::optional<std::string> redirected(const RecordingUrl& url, int status, std::string_view location) {
  const bool says_so = status == 301 || status == 302 || status == 307 || status == 308;
  if (!says_so || location.empty()) return std::nullopt;
  if (!location.starts_with('/') || location.starts_with("//")) return std::string(location);
  const auto here = net::parse_url(url.url);
  if (!here) return std::nullopt;
  return here->scheme + "://" + here->authority() + std::string(location);
}

Result<RecordingUrl> recording_url(std::string_view url, const RecordingHosts& hosts) {
  const auto parsed = url.size() <= max_url ? net::parse_url(url) : make_error("invalid_url", "too long");
  if (!parsed) return make_error("recording_url_refused", "the recording's location is no usable URL");
  if (!is_microsofts(*parsed) && !is_among(*parsed, hosts)) {
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

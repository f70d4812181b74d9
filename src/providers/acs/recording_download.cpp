#include "providers/acs/exchange.hpp"

#include <trunkline/providers/acs/call_automation.hpp>
#include <trunkline/providers/acs/recording_url.hpp>

#include <algorithm>
#include <string>
#include <utility>

// A recording lies with a storage service that takes the resource's signature for a request to the resource itself.
namespace trunkline::providers::acs {
namespace {

constexpr milliseconds part_time{60'000};
constexpr int max_redirects = 5;

// A server that knows no ranges sends everything at once; that much is taken in one piece.
constexpr std::size_t max_unasked = std::size_t{64} * 1024 * 1024;

Error failed(const net::ClientResponse& response, std::string_view operation) {
  if (response.status == 404 || response.status == 410) {
    return make_error("recording_gone", "the recording is not there any more: " + std::string(operation));
  }
  return error_of(operation, response.status, read_error(response.body));
}

Error wrong_length(std::string_view why) {
  return make_error("provider_failed", "a recording came in parts that do not fit: " + std::string(why));
}

/// What one answer brings, and how much there is in all.
struct Part {
  std::uint64_t total = 0;
  bool last = false;
};

// The answer to a request for `asked`, of a file of which `total` was known so far (0: nothing).
Result<Part> look_at(const net::ClientResponse& response, const net::ByteRange& asked, std::uint64_t total) {
  const auto range = read_content_range(net::find_header(response.headers, "Content-Range"));
  if (response.status == 200 && asked.offset == 0) return Part{response.body.size(), true};
  if (response.status == 416 && asked.offset == 0 && range && range->total == 0) return Part{0, true};
  if (response.status != 206) return failed(response, "download recording");
  if (!range) return wrong_length("one does not say which it is");
  if (range->first != asked.offset || range->length != response.body.size()) return wrong_length("one is another");
  if (total != 0 && range->total != total) return wrong_length("the whole changed");
  const std::uint64_t end = asked.offset + range->length;
  if (range->length > asked.length || (range->length < asked.length && end != range->total)) {
    return wrong_length("one is too short");
  }
  return Part{range->total, end == range->total};
}

}  // namespace

asio::awaitable<Result<net::ClientRequest>> CallAutomation::prepared(std::string_view method, const RecordingUrl& url,
                                                                     std::optional<net::ByteRange> range) {
  Signable parts;
  parts.method = method;
  parts.target = url.signed_target;
  parts.host = parts_.endpoint.host;
  auto headers = co_await parts_.credential->authorize(parts);
  if (!headers) co_return headers.error();
  headers->push_back({"x-ms-host", parts_.endpoint.host});
  headers->push_back({"Accept", "application/json"});
  if (range) headers->push_back({"Range", range_header(*range)});
  net::ClientRequest request;
  request.method = method;
  request.url = url.url;
  request.headers = std::move(*headers);
  request.max_body_bytes = range ? max_unasked : max_answer;
  co_return request;
}

asio::awaitable<Result<net::ClientResponse>> CallAutomation::ask_keeper(std::string_view method,
                                                                        const RecordingUrl& url,
                                                                        std::optional<net::ByteRange> range) {
  // The storage is another service than the one whose failures the breaker counts.
  CircuitBreaker of_its_own;
  const std::string_view operation = method == "GET" ? "download recording" : "delete recording";
  RetryProfile profile = parts_.settings.profile;
  profile.attempt = part_time;
  profile.total = 3 * part_time;
  const Exchange what{operation,  Repeat::safe, profile,    parts_.clock,
                      parts_.ids, parts_.wait,  of_its_own, parts_.on_attempt};
  const Prepare prepare = [&] { return prepared(method, url, range); };
  co_return co_await exchange(what, prepare);
}

// Goes on to where it is sent, as long as nobody is asked there who may not be; `url` is then the new place.
asio::awaitable<Result<net::ClientResponse>> CallAutomation::ask_keeper_on(std::string_view method, RecordingUrl& url,
                                                                           std::optional<net::ByteRange> range) {
  for (int hops = 0;; ++hops) {
    auto response = co_await ask_keeper(method, url, range);
    if (!response) co_return response;
    const auto next = redirected(url, response->status, net::find_header(response->headers, "Location"));
    if (!next) co_return response;
    if (hops == max_redirects) co_return make_error("provider_failed", "a recording's location leads nowhere");
    auto place = recording_url(*next, parts_.settings.recording_hosts);
    if (!place) co_return place.error();
    url = std::move(*place);
  }
}

CallAutomation::Answered<std::uint64_t> CallAutomation::download_recording(std::string url, const Take& take) {
  if (!configured()) co_return make_error("provider_not_configured", "there is no Azure resource to fetch from");
  auto place = recording_url(url, parts_.settings.recording_hosts);
  if (!place) co_return place.error();
  net::ByteRange asked{0, std::max<std::uint64_t>(1, parts_.settings.recording_part_bytes)};
  std::uint64_t total = 0;
  for (;;) {
    auto response = co_await ask_keeper_on("GET", *place, asked);
    if (!response) co_return response.error();
    const auto part = look_at(*response, asked, total);
    if (!part) co_return part.error();
    total = part->total;
    if (total > parts_.settings.max_recording_bytes) {
      co_return make_error("recording_too_large",
                           "the recording has " + std::to_string(total) + " bytes, which is more than is taken");
    }
    if (total == 0) co_return total;
    const std::uint64_t got = response->body.size();
    auto taking = take(asked.offset, std::move(response->body));
    const auto taken = co_await std::move(taking);
    if (!taken) co_return taken.error();
    if (part->last) co_return total;
    asked.offset += got;
  }
}

CallAutomation::Answered<Done> CallAutomation::delete_recording(std::string url) {
  if (!configured()) co_return make_error("provider_not_configured", "there is no Azure resource to delete from");
  auto place = recording_url(url, parts_.settings.recording_hosts);
  if (!place) co_return place.error();
  const auto response = co_await ask_keeper_on("DELETE", *place, std::nullopt);
  if (!response) co_return response.error();
  if (response->status / 100 == 2 || response->status == 404) co_return Done{};
  co_return failed(*response, "delete recording");
}

}  // namespace trunkline::providers::acs

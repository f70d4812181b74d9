#include "api/conditions.hpp"
#include "api/endpoints.hpp"

#include <trunkline/net/range.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace trunkline::api {
namespace {

using auth::Permission;

asio::awaitable<net::Response> recordings_of_call(const Services& services, Exchange& exchange) {
  const auto call = co_await shown_call(services, exchange);
  if (!call) co_return exchange.fail(call.error());
  const auto recordings = co_await services.recordings.of_call((*call)->id);
  if (!recordings) co_return exchange.fail(recordings.error());
  std::string body = "{\"data\":[";
  for (const auto& recording : *recordings) {
    if (body.back() != '[') body += ',';
    body += to_json_text(recording);
  }
  co_return json_response(body + "]}");
}

asio::awaitable<net::Response> get_recording(const Services& services, Exchange& exchange) {
  const auto recording = co_await services.recordings.find(std::string(exchange.param("recordingId")));
  co_return recording ? json_response(to_json_text(*recording)) : exchange.fail(recording.error());
}

std::string_view content_type_of(std::string_view format) {
  if (format == "wav") return "audio/wav";
  if (format == "mp3") return "audio/mpeg";
  if (format == "mp4") return "video/mp4";
  return "application/octet-stream";
}

asio::awaitable<net::Response> get_audio(const Services& services, Exchange& exchange) {
  const auto recording = co_await services.recordings.find(std::string(exchange.param("recordingId")));
  if (!recording) co_return exchange.fail(recording.error());
  if (recording->state == "recording") {
    co_return exchange.fail(make_error("recording_in_progress", "the recording is not finished yet"));
  }
  const auto path = services.recordings.file_of(*recording);
  std::error_code missing;
  const std::uint64_t size = std::filesystem::file_size(path, missing);
  if (missing) {
    co_return exchange.fail(make_error("recording_missing", "the recording's file is gone", missing.message()));
  }

  net::Response response;
  response.set("Cache-Control", "private, no-cache");
  const std::string etag = recording->facts.sha256.empty() ? "" : "\"" + recording->facts.sha256 + "\"";
  if (!etag.empty()) response.set("ETag", etag);
  if (is_known(exchange.request.header("If-None-Match"), etag)) {
    response.status = 304;
    co_return response;
  }
  response.set("Content-Type", std::string(content_type_of(recording->facts.format)));
  response.set("Accept-Ranges", "bytes");
  response.set("Content-Disposition", "inline; filename=\"" + recording->id + "." + recording->facts.format + "\"");
  const bool in_part = range_applies(exchange.request.header("If-Range"), etag);
  const auto reading = net::read_range(in_part ? exchange.request.header("Range") : "", size);
  if (reading.verdict == net::RangeVerdict::unsatisfiable) {
    net::Response refusal =
        net::problem(416, make_error("range_not_satisfiable", "the recording has " + std::to_string(size) + " bytes"),
                     exchange.request.id);
    refusal.set("Content-Range", "bytes */" + std::to_string(size));
    co_return refusal;
  }
  response.file = net::FileBody{path, 0, size};
  if (reading.verdict == net::RangeVerdict::part) {
    const auto [offset, length] = reading.range;
    response.status = 206;
    response.set("Content-Range", "bytes " + std::to_string(offset) + "-" + std::to_string(offset + length - 1) + "/" +
                                      std::to_string(size));
    response.file->offset = offset;
    response.file->length = length;
  }
  co_return response;
}

}  // namespace

void add_recording_endpoints(Router& router, const Services& services) {
  const auto get = [&](std::string pattern, auto handler, bool linked = false) {
    router.add({"GET",
                std::move(pattern),
                Access::token,
                Permission::recordings_read,
                [&services, handler](Exchange& exchange) { return handler(services, exchange); },
                {},
                linked});
  };
  get("/api/v1/calls/{callId}/recordings", recordings_of_call);
  get("/api/v1/media-recordings/{recordingId}", get_recording);
  get("/api/v1/media-recordings/{recordingId}/audio", get_audio, true);
}

}  // namespace trunkline::api

#include <trunkline/base/text.hpp>
#include <trunkline/net/http.hpp>
#include <trunkline/net/problem.hpp>

#include <nlohmann/json.hpp>

#include <zlib.h>

#include <chrono>
#include <ctime>
#include <stdexcept>

namespace trunkline::net {

std::string_view find_header(const Headers& headers, std::string_view name) {
  for (const auto& header : headers) {
    if (text::iequals(header.name, name)) return header.value;
  }
  return {};
}

void Response::set(std::string_view name, std::string value) {
  for (auto& header : headers) {
    if (text::iequals(header.name, name)) {
      header.value = std::move(value);
      return;
    }
  }
  headers.push_back({std::string(name), std::move(value)});
}

namespace {

struct Phrase {
  int status;
  std::string_view text;
};

constexpr Phrase phrases[] = {
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

}  // namespace

std::string_view reason_phrase(int status) {
  for (const Phrase& phrase : phrases) {
    if (phrase.status == status) return phrase.text;
  }
  return "Unknown";
}

std::string_view http_date() {
  static thread_local std::time_t second = 0;
  static thread_local std::string text;
  const auto now = std::chrono::system_clock::now();
  if (const std::time_t current = std::chrono::system_clock::to_time_t(now); current != second) {
    second = current;
    text = text::to_rfc2822(std::chrono::time_point_cast<WallTime::duration>(now), "GMT");
  }
  return text;
}

std::string gzip(std::string_view body) {
  constexpr int gzip_window = 15 + 16;
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("zlib could not be initialised");
  }
  std::string out(deflateBound(&stream, body.size()), '\0');
  stream.next_in = reinterpret_cast<const Bytef*>(body.data());
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Response problem(int status, const Error& error, std::string_view request_id, std::vector<FieldError> errors) {
  nlohmann::ordered_json body = {{"type", "about:blank"},
                                 {"title", reason_phrase(status)},
                                 {"status", status},
                                 {"code", error.code},
                                 {"detail", text::valid_utf8(error.message)},
                                 {"requestId", request_id}};
  if (!errors.empty()) {
    auto& list = body["errors"] = nlohmann::ordered_json::array();
    for (const auto& [field, message] : errors) {
      list.push_back({{"field", text::valid_utf8(field)}, {"message", text::valid_utf8(message)}});
    }
  }
  Response response;
  response.status = status;
  response.headers.push_back({"Content-Type", "application/problem+json"});
  response.body = body.dump();
  return response;
}

}  // namespace trunkline::net

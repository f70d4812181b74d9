#include "carrier.hpp"

#include "acs.hpp"
#include "twilio.hpp"

#include <unistd.h>

#include <cstdint>
#include <cstdio>

namespace streamload {
namespace {

std::string request_line(const Options& options, std::string_view method, std::string_view path) {
  std::string line(method);
  line.append(" ").append(path).append(" HTTP/1.1\r\nHost: ").append(options.host);
  return line + ":" + std::to_string(options.port) + "\r\n";
}

}  // namespace

CallIdentity identity_of(unsigned run, unsigned index) {
  static const auto process = static_cast<std::uint64_t>(getpid());
  const std::uint64_t high = (index + 1) * 0xA24BAED4963EE407ULL;
  const std::uint64_t low = process << 48 | static_cast<std::uint64_t>(run) << 32 | index;
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(high),
                static_cast<unsigned long long>(low));
  return {index, text};
}

std::unique_ptr<Carrier> make_carrier(const Options& options) {
  if (options.protocol == Protocol::acs) return std::make_unique<Acs>(options);
  return std::make_unique<Twilio>(options);
}

std::string post(const Options& options, std::string_view path, std::string_view headers, std::string_view body) {
  return request_line(options, "POST", path)
      .append("Connection: close\r\n")
      .append(headers)
      .append("Content-Length: ")
      .append(std::to_string(body.size()))
      .append("\r\n\r\n")
      .append(body);
}

std::string upgrade_request(const Options& options, std::string_view path, std::string_view key) {
  return request_line(options, "GET", path)
      .append("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ")
      .append(key)
      .append("\r\nSec-WebSocket-Version: 13\r\n\r\n");
}

std::string_view path_of(std::string_view url) {
  const std::size_t authority = url.find("://");
  const std::size_t path = authority == url.npos ? url.npos : url.find('/', authority + 3);
  return path == url.npos ? std::string_view{} : url.substr(path);
}

}  // namespace streamload

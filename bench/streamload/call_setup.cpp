#include "call_setup.hpp"

#include "wire.hpp"

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <map>

namespace streamload {
namespace {

std::string hex(std::uint64_t high, std::uint64_t low) {
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(high),
                static_cast<unsigned long long>(low));
  return text;
}

std::string form_value(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '+') {
      out += "%2B";
    } else {
      out += c;
    }
  }
  return out;
}

// The value of `attribute` in the first tag that begins with `tag`. Enough for documents without escapes in it.
std::string_view attribute_of(std::string_view xml, std::string_view tag, std::string_view attribute) {
  const std::size_t begin = xml.find(tag);
  if (begin == xml.npos) return {};
  const std::string_view rest = xml.substr(begin, xml.find('>', begin) - begin);
  const std::string name = std::string(attribute) + "=\"";
  const std::size_t value = rest.find(name);
  if (value == rest.npos) return {};
  const std::size_t from = value + name.size();
  return rest.substr(from, rest.find('"', from) - from);
}

}  // namespace

CallIdentity identity_of(unsigned run, unsigned call) {
  static const auto process = static_cast<std::uint64_t>(getpid());
  const std::string id =
      hex((call + 1) * 0xA24BAED4963EE407ULL, process << 48 | static_cast<std::uint64_t>(run) << 32 | call);
  return {"CA" + id, "MZ" + id};
}

std::string webhook_request(const Options& options, const CallIdentity& call) {
  const Webhook& webhook = *options.webhook;
  const std::map<std::string, std::string> parameters = {{"AccountSid", webhook.account_sid},
                                                         {"ApiVersion", "2010-04-01"},
                                                         {"CallSid", call.call_sid},
                                                         {"CallStatus", "ringing"},
                                                         {"Direction", "inbound"},
                                                         {"From", "+14155550100"},
                                                         {"To", "+14155550199"}};
  std::string body;
  std::string to_sign = webhook.public_url + webhook.path;
  for (const auto& [name, value] : parameters) {
    if (!body.empty()) body += '&';
    body += name + "=" + form_value(value);
    to_sign += name + value;
  }
  return "POST " + webhook.path + " HTTP/1.1\r\nHost: " + options.host + ":" + std::to_string(options.port) +
         "\r\nUser-Agent: TwilioProxy/1.1\r\nConnection: close\r\nX-Twilio-Signature: " +
         hmac_sha1(webhook.auth_token, to_sign) + "\r\nContent-Type: application/x-www-form-urlencoded; charset=UTF-8" +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::optional<StreamTarget> target_of(std::string_view twiml) {
  const std::string_view url = attribute_of(twiml, "<Stream ", "url");
  const std::size_t authority = url.find("://");
  const std::size_t path = authority == url.npos ? url.npos : url.find('/', authority + 3);
  if (path == url.npos) return std::nullopt;
  return StreamTarget{std::string(url.substr(path)),
                      std::string(attribute_of(twiml, "<Parameter name=\"token\"", "value"))};
}

std::string upgrade_request(const Options& options, const std::string& path, const std::string& key) {
  return "GET " + path + " HTTP/1.1\r\nHost: " + options.host + ":" + std::to_string(options.port) +
         "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + key +
         "\r\nSec-WebSocket-Version: 13\r\n\r\n";
}

std::string connected_message() {
  return R"({"event":"connected","protocol":"Call","version":"1.0.0"})";
}

std::string start_message(const CallIdentity& call, const std::string& account_sid, const std::string& token) {
  return R"({"event":"start","sequenceNumber":"1","start":{"accountSid":")" + account_sid + R"(","streamSid":")" +
         call.stream_sid + R"(","callSid":")" + call.call_sid +
         R"(","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},)" +
         R"("customParameters":{"token":")" + token + R"("}},"streamSid":")" + call.stream_sid + R"("})";
}

std::string stop_message(const CallIdentity& call, const std::string& account_sid, unsigned sequence) {
  return R"({"event":"stop","sequenceNumber":")" + std::to_string(sequence) + R"(","stop":{"accountSid":")" +
         account_sid + R"(","callSid":")" + call.call_sid + R"("},"streamSid":")" + call.stream_sid + R"("})";
}

}  // namespace streamload

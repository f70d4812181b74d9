#include "twilio.hpp"

#include "wire.hpp"

#include <map>

namespace streamload {
namespace {

constexpr const char* webhook_path = "/webhooks/twilio/voice";
constexpr const char* baseline_account = "AC00000000000000000000000000000001";
constexpr unsigned first_frame = 2;  // its sequence number: the start message has 1

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

Twilio::Twilio(const Options& options)
    : options_(options), account_sid_(options.webhook ? options.webhook->account_sid : baseline_account) {}

std::string Twilio::announcement(const CallIdentity& call) const {
  const std::map<std::string, std::string> parameters = {{"AccountSid", account_sid_}, {"ApiVersion", "2010-04-01"},
                                                         {"CallSid", "CA" + call.id},  {"CallStatus", "ringing"},
                                                         {"Direction", "inbound"},     {"From", "+14155550100"},
                                                         {"To", "+14155550199"}};
  std::string body;
  std::string to_sign = options_.webhook->public_url + webhook_path;
  for (const auto& [name, value] : parameters) {
    if (!body.empty()) body += '&';
    body += name + "=" + form_value(value);
    to_sign += name + value;
  }
  return post(options_, webhook_path,
              "User-Agent: TwilioProxy/1.1\r\nX-Twilio-Signature: " + hmac_sha1(options_.webhook->secret, to_sign) +
                  "\r\nContent-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n",
              body);
}

std::optional<StreamTarget> Twilio::target_in(std::string_view answer) const {
  const std::string_view path = path_of(attribute_of(answer, "<Stream ", "url"));
  if (path.empty()) return std::nullopt;
  return StreamTarget{std::string(path), std::string(attribute_of(answer, "<Parameter name=\"token\"", "value"))};
}

std::vector<std::string> Twilio::opening(const CallIdentity& call, const std::string& token) const {
  return {R"({"event":"connected","protocol":"Call","version":"1.0.0"})",
          R"({"event":"start","sequenceNumber":"1","start":{"accountSid":")" + account_sid_ + R"(","streamSid":"MZ)" +
              call.id + R"(","callSid":"CA)" + call.id +
              R"(","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},)" +
              R"("customParameters":{"token":")" + token + R"("}},"streamSid":"MZ)" + call.id + R"("})"};
}

void Twilio::put_frame(Text& out, const CallIdentity& call, std::uint32_t frame, std::string_view audio) const {
  out << R"({"event":"media","sequenceNumber":")" << std::uint64_t{frame} + first_frame
      << R"(","media":{"track":"inbound","chunk":")" << std::uint64_t{frame} + 1 << R"(","timestamp":")"
      << std::uint64_t{frame} * 20 << R"(","payload":")" << audio << R"("},"streamSid":"MZ)" << call.id << R"("})";
}

std::string Twilio::ending(const CallIdentity& call, std::uint32_t frames) const {
  return R"({"event":"stop","sequenceNumber":")" + std::to_string(frames + first_frame) +
         R"(","stop":{"accountSid":")" + account_sid_ + R"(","callSid":"CA)" + call.id + R"("},"streamSid":"MZ)" +
         call.id + R"("})";
}

std::string Twilio::farewell(const CallIdentity& /*call*/, const std::string& /*path*/) const {
  return {};
}

}  // namespace streamload

#include <trunkline/base/base64.hpp>
#include <trunkline/providers/acs/media_codec.hpp>

#include <algorithm>

namespace trunkline::providers::acs {
namespace {

bool is_id_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-' ||
         c == '.' || c == ':';
}

}  // namespace

bool is_subscription_id(std::string_view id) {
  return !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), is_id_character);
}

void append_audio(std::string& out, std::span<const std::uint8_t> payload) {
  out.append(R"({"kind":"AudioData","audioData":{"data":")");
  base64::append(out, payload);
  out += R"("}})";
}

void append_stop(std::string& out) {
  out.append(R"({"kind":"StopAudio","audioData":null,"stopAudio":{}})");
}

}  // namespace trunkline::providers::acs

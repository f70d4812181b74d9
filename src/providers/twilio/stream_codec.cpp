#include <trunkline/base/base64.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/providers/twilio/stream_codec.hpp>

#include <algorithm>

namespace trunkline::providers::twilio {
namespace {

bool is_id_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
}

}  // namespace

bool is_stream_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), is_id_character);
}

void append_media(std::string& out, std::string_view stream_sid, std::span<const std::uint8_t> payload) {
  out.append(R"({"event":"media","streamSid":")").append(stream_sid).append(R"(","media":{"payload":")");
  base64::append(out, payload);
  out += R"("}})";
}

void append_mark(std::string& out, std::string_view stream_sid, std::string_view name) {
  out.append(R"({"event":"mark","streamSid":")").append(stream_sid).append(R"(","mark":{"name":)");
  text::append_json_string(out, name);
  out += "}}";
}

void append_clear(std::string& out, std::string_view stream_sid) {
  out.append(R"({"event":"clear","streamSid":")").append(stream_sid).append(R"("})");
}

}  // namespace trunkline::providers::twilio

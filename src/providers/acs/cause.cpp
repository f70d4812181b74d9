#include "providers/acs/fields.hpp"

#include <trunkline/providers/acs/cause.hpp>

#include <algorithm>
#include <array>

namespace trunkline::providers::acs {
namespace {

using calls::State;
using nlohmann::json;

constexpr std::size_t max_message = 1024;
constexpr std::size_t max_detail_message = 256;

struct Word {
  std::int64_t sub_code;
  std::string_view reason;
};
constexpr std::array words = {
    Word{7000, "completed"},
    Word{7504, "access-denied"},
    Word{7507, "access-denied"},
    Word{7509, "access-denied"},
    Word{8500, "media-mode"},
    Word{8501, "not-established"},
    Word{8508, "canceled"},
    Word{8510, "initial-silence"},
    Word{8511, "internal-error"},
    Word{8512, "internal-error"},
    Word{8514, "stop-tone"},
    Word{8516, "throttled"},
    Word{8519, "conflict"},
    Word{8520, "wrong-state"},
    Word{8523, "invalid"},
    Word{8528, "call-ended"},
    Word{8529, "throttled"},
    Word{8530, "throttled"},
    Word{8531, "max-digits"},
    Word{8532, "inter-digit-timeout"},
    Word{8533, "choice-by-tone"},
    Word{8535, "bad-media-format"},
    Word{8536, "file-not-downloadable"},
    Word{8538, "declined"},
    Word{8539, "busy"},
    Word{8541, "unreachable"},
    Word{8544, "unreachable"},
    Word{8545, "choice-by-speech"},
    Word{8547, "no-choice-matched"},
    Word{8559, "already-recording"},
    Word{8563, "speech-not-understood"},
    Word{8565, "speech-service"},
    Word{8571, "conflict"},
    Word{8572, "internal-error"},
    Word{8578, "internal-error"},
    Word{8579, "internal-error"},
    Word{8580, "internal-error"},
    Word{8581, "bad-stream-url"},
    Word{8583, "media-operation-conflict"},
    Word{8586, "no-answer"},
    Word{8587, "no-answer"},
    Word{8603, "stream-failed"},
    Word{8604, "canceled"},
    Word{8605, "bad-locale"},
    Word{8607, "transfer-conflict"},
    Word{9999, "internal-error"},
};

bool is_success(std::int64_t code) {
  return code == 0 || (code >= 200 && code <= 299);
}

bool succeeded(const Cause& cause) {
  if (cause.code) return is_success(*cause.code);
  return !cause.sip || is_success(cause.sip->code);
}

std::optional<Cause::Detail> read_detail(const json& result, const char* key) {
  const json& wire = fields::object_at(result, key);
  const auto code = fields::integer_at(wire, "code");
  if (!code) return std::nullopt;
  return Cause::Detail{*code, fields::text_at(wire, "message", max_detail_message)};
}

json to_json(const Cause::Detail& detail) {
  json out = {{"code", detail.code}};
  fields::put(out, "message", detail.message);
  return out;
}

std::optional<Ending> by_sub_code(std::int64_t sub_code) {
  switch (sub_code) {
    case 8538:
      return Ending{State::declined, "declined"};
    case 8539:
      return Ending{State::busy, "busy"};
    case 8541:
    case 8544:
      return Ending{State::failed, "unreachable"};
    case 8586:
    case 8587:
      return Ending{State::missed, "no-answer"};
    default:
      return std::nullopt;
  }
}

std::optional<Ending> by_status(std::int64_t status) {
  switch (status) {
    case 603:
    case 607:
    case 608:
      return Ending{State::declined, "declined"};
    case 486:
    case 600:
      return Ending{State::busy, "busy"};
    case 408:
    case 480:
      return Ending{State::missed, "no-answer"};
    case 487:
      return Ending{State::cancelled, "canceled"};
    default:
      return std::nullopt;
  }
}

std::optional<Ending> by_q850(std::int64_t cause) {
  switch (cause) {
    case 17:
      return by_status(486);
    case 18:
    case 19:
      return by_status(480);
    case 21:
      return by_status(603);
    default:
      return std::nullopt;
  }
}

// What says that nobody talked.
std::optional<Ending> never_connected(const Cause& cause) {
  if (cause.sub_code) {
    if (auto ending = by_sub_code(*cause.sub_code)) return ending;
  }
  if (succeeded(cause)) return std::nullopt;
  for (const auto& status : {cause.code, cause.sip ? std::optional(cause.sip->code) : std::nullopt}) {
    if (!status) continue;
    if (auto ending = by_status(*status)) return ending;
  }
  return cause.q850 ? by_q850(cause.q850->code) : std::nullopt;
}

std::string word_or(const Cause& cause, std::string otherwise) {
  const std::string_view word = reason_of(cause);
  return word.empty() || word == "completed" ? std::move(otherwise) : std::string(word);
}

}  // namespace

Cause read_cause(const json& data) {
  const json& result = fields::object_at(data, "resultInformation");
  Cause out;
  out.code = fields::integer_at(result, "code");
  out.sub_code = fields::integer_at(result, "subCode");
  out.message = fields::text_at(result, "message", max_message);
  out.sip = read_detail(result, "sipDetails");
  out.q850 = read_detail(result, "q850Details");
  return out;
}

std::string_view reason_of(const Cause& cause) {
  if (!cause.sub_code) return {};
  // One number for two things, which only the code tells apart.
  if (*cause.sub_code == 8522) return cause.code == 405 ? "url-missing" : "call-not-found";
  const auto found =
      std::find_if(words.begin(), words.end(), [&cause](const Word& word) { return word.sub_code == *cause.sub_code; });
  return found == words.end() ? std::string_view() : found->reason;
}

void add_to(json& data, const Cause& cause) {
  if (cause.code) data["code"] = *cause.code;
  if (cause.sub_code) data["subCode"] = *cause.sub_code;
  fields::put(data, "message", cause.message);
  if (cause.sip) data["sip"] = to_json(*cause.sip);
  if (cause.q850) data["q850"] = to_json(*cause.q850);
}

Ending ending_of(const Cause& cause, Over what) {
  if (auto ending = never_connected(cause)) return *ending;
  if (what == Over::not_answered && (cause.sub_code == 8522 || cause.sub_code == 8528)) {
    return {State::cancelled, "canceled"};
  }
  if (what != Over::disconnected) return {State::failed, word_or(cause, "failed")};
  if (succeeded(cause)) return {State::ended, "completed"};
  const std::int64_t code = cause.code ? *cause.code : cause.sip->code;
  return {State::ended, word_or(cause, "code-" + std::to_string(code))};
}

Ending ended_after_talk(Ending ending) {
  ending.state = State::ended;
  return ending;
}

}  // namespace trunkline::providers::acs

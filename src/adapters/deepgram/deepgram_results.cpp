#include <nlohmann/json.hpp>

#include <adapters/deepgram/deepgram_results.hpp>
#include <algorithm>

namespace trunkline::adapters {
namespace {

using nlohmann::json;
using Type = DeepgramMessage::Type;

bool flag(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

double number(const json& object, const char* key, double otherwise) {
  if (!object.is_object()) return otherwise;
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : otherwise;
}

const json* member(const json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

const json* best_alternative(const json& results) {
  const auto* channel = member(results, "channel");
  const auto* alternatives = channel == nullptr ? nullptr : member(*channel, "alternatives");
  if (alternatives == nullptr || !alternatives->is_array() || alternatives->empty()) return nullptr;
  return &alternatives->front();
}

DeepgramMessage parse_results(const json& results) {
  DeepgramMessage message;
  const auto* best = best_alternative(results);
  const auto* transcript = best == nullptr ? nullptr : member(*best, "transcript");
  if (transcript == nullptr || !transcript->is_string()) return message;
  message.type = Type::results;
  message.is_final = flag(results, "is_final");
  message.speech_final = flag(results, "speech_final");
  message.from_finalize = flag(results, "from_finalize");
  message.transcript = transcript->get<std::string>();
  message.confidence = std::clamp(number(*best, "confidence", 0), 0.0, 1.0);
  message.start = number(results, "start", 0);
  message.end = message.start + number(results, "duration", 0);
  const auto* words = member(*best, "words");
  if (words != nullptr && words->is_array() && !words->empty()) {
    message.words = words->size();
    message.start = number(words->front(), "start", message.start);
    message.end = number(words->back(), "end", message.end);
  }
  return message;
}

}  // namespace

DeepgramMessage parse_deepgram_message(std::string_view text) {
  const auto parsed = json::parse(text, nullptr, false);
  const auto* type = member(parsed, "type");
  if (type == nullptr || !type->is_string()) return {};
  const auto& name = type->get_ref<const std::string&>();
  if (name == "Results") return parse_results(parsed);
  DeepgramMessage message;
  message.type = name == "UtteranceEnd" ? Type::utterance_end : Type::other;
  return message;
}

}  // namespace trunkline::adapters

#include "sim/acs_operations.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/net/url.hpp>

#include <algorithm>
#include <utility>

namespace trunkline::sim {
namespace {

namespace acs = providers::acs;
using nlohmann::json;

constexpr std::size_t max_text = 32 * 1024;
constexpr std::size_t max_listed = 350;  // participants of a call
constexpr std::string_view tone_names = "zero one two three four five six seven eight nine a b c d pound asterisk";

bool is_word_of(std::string_view words, std::string_view word) {
  const auto all = text::split(words, ' ');
  return std::ranges::find(all, word) != all.end();
}

}  // namespace

void AcsFields::that(bool holds, std::string_view name, std::string_view problem) {
  if (!holds && problem_.empty()) problem_ = std::string(name).append(" ").append(problem);
}

std::optional<AcsReply> AcsFields::refusal() const {
  if (problem_.empty()) return std::nullopt;
  return acs_refusal(400, "8523", "Invalid request: " + problem_ + ".");
}

const json* AcsFields::member(const char* name, bool needed) {
  const auto found = body_.is_object() ? body_.find(name) : body_.end();
  const bool there = body_.is_object() && found != body_.end() && !found->is_null();
  that(there || !needed, name, "is missing");
  return there ? &*found : nullptr;
}

std::string AcsFields::text(const char* name, bool needed) {
  const json* value = member(name, needed);
  if (value == nullptr) return {};
  that(value->is_string(), name, "is no text");
  if (!value->is_string()) return {};
  const auto& text = value->get_ref<const std::string&>();
  that(text.size() <= max_text, name, "is too long");
  that(!needed || !text.empty(), name, "is empty");
  return text;
}

std::string AcsFields::url(const char* name, bool needed) {
  std::string text = this->text(name, needed);
  that(text.empty() || net::parse_url(text).has_value(), name, "is no absolute address");
  return text;
}

std::string AcsFields::word(const char* name, std::string_view words, std::string standard) {
  std::string text = this->text(name, standard.empty());
  if (text.empty()) return standard;
  that(is_word_of(words, text), name, "must be one of: " + std::string(words));
  return text;
}

bool AcsFields::flag(const char* name) {
  const json* value = member(name, false);
  that(value == nullptr || value->is_boolean(), name, "is neither true nor false");
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

std::int64_t AcsFields::number(const char* name, std::int64_t min, std::int64_t max, std::int64_t standard) {
  const json* value = member(name, false);
  if (value == nullptr) return standard;
  const bool sane =
      value->is_number_integer() && value->get<std::int64_t>() >= min && value->get<std::int64_t>() <= max;
  that(sane, name, "must be " + std::to_string(min) + " to " + std::to_string(max));
  return sane ? value->get<std::int64_t>() : standard;
}

acs::Identifier AcsFields::party(const char* name, bool needed) {
  const json* value = member(name, needed);
  if (value == nullptr) return {};
  auto identifier = acs::read_identifier(*value);
  that(identifier.has_value(), name, "names nobody");
  return identifier ? std::move(*identifier) : acs::Identifier{};
}

std::vector<acs::Identifier> AcsFields::parties(const char* name, std::size_t min) {
  std::vector<acs::Identifier> out;
  for (const json& one : array(name, min)) {
    auto identifier = acs::read_identifier(one);
    that(identifier.has_value(), name, "names nobody");
    if (identifier) out.push_back(std::move(*identifier));
  }
  return out;
}

std::vector<std::string> AcsFields::tones(const char* name, std::size_t min, std::size_t max) {
  std::vector<std::string> out;
  for (const json& one : array(name, min)) {
    const bool known = one.is_string() && is_word_of(tone_names, one.get_ref<const std::string&>());
    that(known, name, "has a tone that is none");
    if (known) out.push_back(one.get<std::string>());
  }
  that(out.size() <= max, name, "has too many tones");
  return out;
}

const json& AcsFields::object(const char* name, bool needed) {
  static const json nothing = json::object();
  const json* value = member(name, needed);
  that(value == nullptr || value->is_object(), name, "is no object");
  return value != nullptr && value->is_object() ? *value : nothing;
}

const json& AcsFields::array(const char* name, std::size_t min) {
  static const json nothing = json::array();
  const json* value = member(name, min > 0);
  that(value == nullptr || value->is_array(), name, "is no list");
  const json& list = value != nullptr && value->is_array() ? *value : nothing;
  that(list.size() >= min, name, "is empty");
  that(list.size() <= max_listed, name, "is too long");
  return list.size() <= max_listed ? list : nothing;
}

AcsCorrelation correlation_of(AcsFields& fields) {
  const std::string context = fields.text("operationContext", false);
  return {context.empty() ? json() : json(context), fields.url("operationCallbackUri", false)};
}

AcsReply with_context(int status, const AcsCorrelation& correlation) {
  json body = json::object();
  if (!correlation.context.is_null()) body["operationContext"] = correlation.context;
  return acs_reply(status, body);
}

}  // namespace trunkline::sim

#include "providers/acs/fields.hpp"

#include <trunkline/providers/acs/subscription.hpp>

namespace trunkline::providers::acs {
namespace {

constexpr std::size_t max_code = 256;
constexpr std::size_t max_url = 4096;
constexpr std::size_t max_subscription_id = 1024;

}  // namespace

Result<SubscriptionValidation> read_validation(const Envelope& envelope) {
  auto code = fields::name_at(envelope.data, "validationCode", max_code, "data.");
  if (!code) return code.error();
  if (code->empty()) return fields::bad("data.validationCode", "is missing");
  auto url = fields::name_at(envelope.data, "validationUrl", max_url, "data.");
  if (!url) return url.error();
  if (!url->empty() && !url->starts_with("https://")) return fields::bad("data.validationUrl", "must begin with https");
  return SubscriptionValidation{envelope.source, std::move(*code), std::move(*url)};
}

std::string validation_answer(std::string_view code) {
  return nlohmann::json{{"validationResponse", code}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<SubscriptionDeletion> read_deletion(const Envelope& envelope) {
  auto id = fields::name_at(envelope.data, "eventSubscriptionId", max_subscription_id, "data.");
  if (!id) return id.error();
  return SubscriptionDeletion{envelope.source, std::move(*id)};
}

}  // namespace trunkline::providers::acs

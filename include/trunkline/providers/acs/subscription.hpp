#pragma once

#include <trunkline/providers/acs/envelope.hpp>

/// What Event Grid says of a subscription itself. Nothing here is answered unless who asks was authenticated: whoever
/// gets a code back may send us events.
namespace trunkline::providers::acs {

inline constexpr std::string_view validation_type = "Microsoft.EventGrid.SubscriptionValidationEvent";
inline constexpr std::string_view deletion_type = "Microsoft.EventGrid.SubscriptionDeletedEvent";

/// A new or changed subscription wants to know whether we want its events. It comes alone in its body.
struct SubscriptionValidation {
  std::string topic;
  std::string code;
  std::string url;  ///< by which a person may say yes within ten minutes; empty in older ones; never fetched by us
};
/// Errors `invalid_event`: no code (1 to 256 visible ASCII characters), or a URL that is none of https.
Result<SubscriptionValidation> read_validation(const Envelope& envelope);

/// The body that says yes; the status must be 200 and no other.
std::string validation_answer(std::string_view code);

struct SubscriptionDeletion {
  std::string topic;
  std::string subscription_id;  ///< empty when it is not said
};
Result<SubscriptionDeletion> read_deletion(const Envelope& envelope);

}  // namespace trunkline::providers::acs

#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/ids.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/calls/call_service.hpp>
#include <trunkline/net/address_policy.hpp>
#include <trunkline/store/sql.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Events told to others by HTTP, in the form of Standard Webhooks (docs/webhooks.md).
namespace trunkline::events::webhooks {

inline constexpr std::size_t max_endpoints = 50;
inline constexpr std::size_t max_url = 2'048;
inline constexpr std::size_t max_description = 256;
inline constexpr std::size_t max_types = 32;
/// The type of the event that POST .../test sends; it is in no call's log.
inline const std::string test_event = "webhook.test";

/// Somebody who is told.
struct Endpoint {
  std::string id;  ///< `we_...`
  std::string url;
  std::string description;
  std::vector<std::string> types;  ///< as events::Subscription; empty: every type
  std::string secret;
  std::string previous_secret;  ///< still signed with until `previous_valid_until`
  WallTime previous_valid_until;
  bool enabled = true;
  std::string reason;                     ///< why not: `api`, `gone` (it answered 410)
  std::int64_t cursor = 0;                ///< the log has been looked through for it up to this seq
  std::optional<WallTime> failing_since;  ///< nothing has succeeded since
  WallTime created_at;
  WallTime updated_at;
};

enum class DeliveryState : std::uint8_t { pending, delivered, dead };
std::string_view to_string(DeliveryState state);
std::optional<DeliveryState> parse_delivery_state(std::string_view text);

/// One event for one endpoint.
struct Delivery {
  std::string id;  ///< `msg_...`, the header webhook-id
  std::string endpoint_id;
  std::string event_id;
  std::int64_t seq = 0;  ///< 0: a test
  std::string call_id;   ///< empty: a test
  std::string type;
  DeliveryState state = DeliveryState::pending;
  std::int64_t attempts = 0;
  std::optional<WallTime> next_attempt_at;  ///< while pending; earlier ones of its call go first
  std::optional<WallTime> last_attempt_at;
  std::optional<std::int64_t> last_status;  ///< nothing: there was no answer
  std::string last_error;
  std::optional<std::int64_t> latency_ms;
  WallTime created_at;
  std::optional<WallTime> delivered_at;
};

/// As REST shows them. Of the secret only how it begins.
std::string to_json_text(const Endpoint& endpoint);
std::string to_json_text(const Delivery& delivery);

/// What somebody wants of an endpoint; nothing: as it is.
struct EndpointChange {
  std::optional<std::string> url;
  std::optional<std::string> description;
  std::optional<std::vector<std::string>> types;
  std::optional<bool> enabled;  ///< true also forgets what failed: everything owed is due
};

struct DeliveryFilter {
  std::string endpoint_id;
  std::optional<DeliveryState> state;
  std::string call_id;
  std::string cursor;      ///< opaque, from Page::next_cursor; else `invalid_cursor`
  std::size_t limit = 50;  ///< 1 to 200
};

/// From where on in the log an endpoint is told again: every event that it wants, whether it was owed before or not.
struct AfterSeq {
  std::int64_t seq = 0;
};
struct Since {
  WallTime time;  ///< what was stored then or later
};
/// Which deliveries of an endpoint are to be made again.
struct DeadOnes {};
using Again = std::variant<DeadOnes, AfterSeq, Since>;
inline constexpr std::int64_t max_revived = 50'000;

/// What is wrong with an endpoint's fields; empty: nothing. Host names are judged when they are connected to.
std::string fault_of_url(std::string_view url, const net::AddressPolicy& policy);
std::string fault_of_type(std::string_view type);

/// The endpoints and their deliveries, for who looks after them. The truth is in the database alone. Any thread; the
/// references outlive it. Errors: `webhook_endpoint_not_found`, `webhook_delivery_not_found`,
/// `webhook_endpoint_disabled`, `too_many_webhook_endpoints`, `invalid_cursor`, those of the store.
class Registry {
 public:
  Registry(store::Database& database, const net::AddressPolicy& policy, const Clock& clock, Ids& ids);

  /// `changed` is called when there may be something to do, on any thread: before the first change only.
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }
  const net::AddressPolicy& policy() const { return policy_; }

  asio::awaitable<Result<std::vector<Endpoint>>> list();
  asio::awaitable<Result<Endpoint>> find(std::string endpoint_id);
  /// From now on: its cursor is the end of the log. The values have been checked.
  asio::awaitable<Result<Endpoint>> create(std::string url, std::string description, std::vector<std::string> types);
  asio::awaitable<Result<Endpoint>> change(std::string endpoint_id, EndpointChange change);
  asio::awaitable<Result<Endpoint>> remove(std::string endpoint_id);
  /// The old secret is signed with, too, for 24 hours.
  asio::awaitable<Result<Endpoint>> rotate_secret(std::string endpoint_id);

  /// Sends a `webhook.test`, once, before anything else that waits.
  asio::awaitable<Result<Delivery>> test(std::string endpoint_id);
  /// The newest first.
  asio::awaitable<Result<calls::Page<Delivery>>> deliveries(DeliveryFilter filter);
  asio::awaitable<Result<Delivery>> delivery(std::string delivery_id);
  asio::awaitable<Result<Delivery>> redeliver(std::string delivery_id);
  /// How many dead ones are pending again: the earliest max_revived at most, some at a time, so that others can write
  /// meanwhile; after an error those that were dealt with are. What AfterSeq and Since bring comes from the log, later.
  asio::awaitable<Result<std::int64_t>> redeliver_all(std::string endpoint_id, Again which);

 private:
  asio::awaitable<Result<>> tell_again(std::string endpoint_id, Again which);
  asio::awaitable<Result<std::int64_t>> redeliver_dead(std::string endpoint_id);
  template <class T, class Work>
  asio::awaitable<Result<T>> changing(Work work);

  store::Database& database_;
  const net::AddressPolicy& policy_;
  const Clock& clock_;
  Ids& ids_;
  std::function<void()> changed_;
};

}  // namespace trunkline::events::webhooks

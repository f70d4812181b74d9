#pragma once

#include "events/webhook_policy.hpp"

#include <trunkline/calls/event.hpp>
#include <trunkline/events/webhooks.hpp>
#include <trunkline/store/sql.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What a sender does to the rows of one endpoint, in one transaction: it shows that it is still there, writes down what
// became of what it sent, takes note of new events and takes what is to be sent next.
namespace trunkline::events::webhooks {

/// A delivery under way.
struct Sending {
  Delivery delivery;
  Plan plan;
};

/// A delivery that was under way.
struct Sent {
  Sending what;
  Answer answer;
  milliseconds took{0};
  double jitter = 0;
};

/// What the log holds behind a place.
struct LogPage {
  std::int64_t after = 0;
  std::vector<calls::Event> events;
  std::vector<std::string> delivery_ids;  ///< one an event: made outside of the transaction, which may run twice
};

struct Step {
  std::string endpoint_id;
  std::string node_id;
  bool first = false;  ///< nothing is under way: what the rows say of that is of an earlier owner
  bool ending = false;
  std::size_t in_flight = 0;  ///< without `sent`
  std::size_t limit = 0;      ///< of what may be under way
  WallTime now;
  milliseconds claim{0};  ///< for how long, by the clock of the database
  std::vector<Sent> sent;
  LogPage log;
};

struct StepResult {
  bool mine = false;  ///< false: another node sends, or the endpoint is gone; nothing was done
  bool full = false;  ///< so much is pending that the log has to wait
  Endpoint endpoint;  ///< with its secrets
  Health health;
  std::vector<Judgement> judgements;  ///< one for each of `sent`
  std::vector<Sending> sending;
  std::optional<WallTime> next;  ///< when there is something to do again without anything happening
};

/// The most that may be pending for one endpoint: what is behind it stays in the log.
inline constexpr std::int64_t max_pending = 10'000;

Result<StepResult> run_step(store::Sql& sql, const Step& step);

/// Lets go of an endpoint: what is under way is sent again by whoever takes it.
void release(store::Sql& sql, const std::string& endpoint_id, const std::string& node_id);

/// An endpoint as a sender sees it that does not have it.
struct Offer {
  std::string endpoint_id;
  std::int64_t touched = 0;
  bool enabled = false;
  bool claimable = false;  ///< nobody has it, or this node
};
std::vector<Offer> read_offers(store::Sql& sql, const std::string& node_id);

/// How many deliveries there are in the store, each counted up to `most`, which bounds what the counting costs.
struct Backlog {
  std::int64_t pending = 0;
  std::int64_t dead = 0;
};
inline constexpr std::int64_t max_counted = 50'000;
Backlog count_backlog(store::Sql& sql, std::int64_t most = max_counted);

/// Removes what was settled before `before` and what belongs to deleted endpoints, at most `limit` rows of each; how
/// many.
std::int64_t prune(store::Sql& sql, WallTime before, std::int64_t limit);

}  // namespace trunkline::events::webhooks

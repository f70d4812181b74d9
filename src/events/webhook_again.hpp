#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/store/sql.hpp>

#include <cstdint>
#include <string>

// What is delivered again because somebody asks for it: in transactions that stay short, however much it is.
namespace trunkline::events::webhooks {

/// What one transaction did of it.
struct Part {
  std::int64_t revived = 0;
  std::int64_t reached = 0;  ///< the place in the log up to which the dead ones are dealt with
  bool more = false;         ///< there may be
};

/// Rows that one transaction revives at most.
inline constexpr std::int64_t max_part = 250;

/// Makes dead deliveries of events behind that place pending again, the first ones. With the endpoint's row locked.
Part revive_dead(store::Sql& sql, const std::string& endpoint_id, std::int64_t after, WallTime now);

/// Sends the endpoint back to a place in the log: what it was told from there on, and what not, it is owed once more as
/// its sender comes by.
void send_back(store::Sql& sql, const std::string& endpoint_id, std::int64_t seq);

/// The place in the log behind which lies what was stored from `time` on.
std::int64_t place_at(store::Sql& sql, WallTime time);

}  // namespace trunkline::events::webhooks

#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/config/settings.hpp>
#include <trunkline/observe/metrics.hpp>
#include <trunkline/store/live.hpp>
#include <trunkline/store/redis.hpp>

#include <boost/asio/io_context.hpp>

#include <memory>
#include <optional>

namespace trunkline::app {

/// What the settings say of Redis, when it is used at all. The error's message begins with the variable that is wrong.
Result<store::RedisOptions> redis_options(const config::Redis& settings);

/// The store for what is live, on `loop`: `redis` tells of one, else it is in process. `metrics` outlives it.
std::unique_ptr<store::LiveStore> open_live(const std::optional<store::RedisOptions>& redis,
                                            boost::asio::io_context& loop, observe::Metrics& metrics,
                                            const Clock& clock);

}  // namespace trunkline::app

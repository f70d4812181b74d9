#include "app/live_comparison.hpp"

#include <trunkline/app/live_state.hpp>
#include <trunkline/app/verify_live.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace trunkline::app {
namespace {

using Found = Result<std::vector<calls::Difference>>;

Error error_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& exception) {
    return make_error("verify_failed", "what is live could not be compared", exception.what());
  } catch (...) {
    return make_error("verify_failed", "what is live could not be compared");
  }
}

}  // namespace

Result<> verify_live(const config::Settings& settings, store::Database& database, calls::VerifyReport& report) {
  if (!settings.redis.used()) return {};
  auto options = redis_options(settings.redis);
  if (!options) return options.error();
  asio::io_context loop{1};
  const auto live = store::open_redis(std::move(*options), loop, system_clock());
  std::optional<Found> found;
  auto comparing = compare_live({*live, database, system_clock(), settings.node.timeout});
  asio::co_spawn(loop, std::move(comparing), [&](const std::exception_ptr& thrown, Found compared) {
    found.emplace(thrown ? Found(error_of(thrown)) : std::move(compared));
    live->stop();
  });
  loop.run();  // to its own end: until then the database's threads hold on to it
  if (!*found) return found->error();
  for (auto& difference : **found) report.add(std::move(difference));
  return {};
}

}  // namespace trunkline::app

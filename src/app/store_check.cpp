#include "app/store_check.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <memory>
#include <utility>

namespace trunkline::app {

/// Takes the first word and no other. Shared with the timer, whose handler may run after the check is over.
class StoreCheck::Outcome {
 public:
  explicit Outcome(observe::Health& health) : health_(health) {}

  void report(bool ok, milliseconds took, std::string_view error) {
    if (!std::exchange(reported_, true)) health_.report("store", ok, took, error);
  }

 private:
  observe::Health& health_;
  bool reported_ = false;
};

StoreCheck::StoreCheck(store::Database& database, observe::Health& health, const Clock& clock, milliseconds patience)
    : database_(database), health_(health), clock_(clock), patience_(patience) {
  health_.expect("store", true, database_.driver());
}

asio::awaitable<void> StoreCheck::run() {
  const MonoTime began = clock_.mono();
  const auto outcome = std::make_shared<Outcome>(health_);
  const auto loop = co_await asio::this_coro::executor;
  asio::steady_timer impatience(loop, patience_);
  impatience.async_wait([outcome, loop, patience = patience_](boost::system::error_code cancelled) {
    if (cancelled) return;
    // Behind what waits on the loop already: an answer that is there counts.
    asio::post(loop, [outcome, patience] { outcome->report(false, patience, "it does not answer"); });
  });
  const auto answer = co_await write_pulse();
  const auto took = std::chrono::duration_cast<milliseconds>(clock_.mono() - began);
  outcome->report(answer.has_value(), took, answer ? "" : answer.error().message);
}

asio::awaitable<Result<std::int64_t>> StoreCheck::write_pulse() {
  return database_.write<std::int64_t>([now = to_millis(clock_.wall())](store::Sql& sql) -> Result<std::int64_t> {
    return sql.execute("INSERT INTO pulse (id, at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET at = excluded.at",
                       {now});
  });
}

}  // namespace trunkline::app

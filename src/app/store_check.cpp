#include "app/store_check.hpp"

#include "app/first_word.hpp"

#include <boost/asio/this_coro.hpp>

namespace trunkline::app {

StoreCheck::StoreCheck(store::Database& database, observe::Health& health, const Clock& clock, milliseconds patience)
    : database_(database), health_(health), clock_(clock), patience_(patience) {
  health_.expect("store", true, database_.driver());
}

asio::awaitable<void> StoreCheck::run() {
  const MonoTime began = clock_.mono();
  const auto loop = co_await asio::this_coro::executor;
  FirstWord word(loop, health_, "store", patience_);
  const auto answer = co_await write_pulse();
  const auto took = std::chrono::duration_cast<milliseconds>(clock_.mono() - began);
  using Finding = observe::Health::Finding;
  word.report(answer ? Finding::up : Finding::down, took, answer ? "" : answer.error().message);
}

asio::awaitable<Result<std::int64_t>> StoreCheck::write_pulse() {
  return database_.write<std::int64_t>([now = to_millis(clock_.wall())](store::Sql& sql) -> Result<std::int64_t> {
    return sql.execute("INSERT INTO pulse (id, at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET at = excluded.at",
                       {now});
  });
}

}  // namespace trunkline::app

#include "app/call_metrics.hpp"

#include <trunkline/base/text.hpp>

namespace trunkline::app {
namespace {

using Rows = std::vector<store::Row>;

Result<Rows> count_open(store::Sql& sql) {
  return sql.query("SELECT provider, direction, COUNT(*) FROM calls WHERE terminal = 0 GROUP BY provider, direction");
}

}  // namespace

Result<> CallMetrics::seed(store::Database& database) {
  const auto open = database.read_blocking<Rows>(count_open);
  if (!open) return open.error();
  show(*open);
  return {};
}

asio::awaitable<Result<>> CallMetrics::recount(store::Database& database) {
  const auto open = co_await database.read<Rows>(count_open);
  if (!open) co_return open.error();
  show(*open);
  co_return Result<>{};
}

void CallMetrics::show(const Rows& open) {
  for (const auto& [provider, direction] : shown_) metrics_.calls_active(provider, direction).set(0);
  for (const auto& row : open) {
    metrics_.calls_active(row.text(0), row.text(1)).set(static_cast<double>(row.integer(2)));
    shown_.emplace(row.text(0), row.text(1));
  }
}

void CallMetrics::on_committed(const calls::Event& /*event*/, const calls::Call& call,
                               std::optional<calls::State> previous) {
  const std::string_view direction = calls::to_string(call.direction);
  const bool was_open = previous && !calls::is_terminal(*previous);
  const bool is_open = !calls::is_terminal(call.state);
  if (was_open != is_open) metrics_.calls_active(call.provider, direction).add(is_open ? 1 : -1);
  if (is_open || (previous && !was_open)) return;
  metrics_.calls(call.provider, direction, text::lower(calls::to_string(call.state))).add();
  // Calls that nobody answered have no length: they would hide how long the others last.
  if (call.connected_at) metrics_.call_duration().observe(static_cast<double>(call.duration_s.value_or(0)));
}

}  // namespace trunkline::app

#include "app/call_metrics.hpp"

#include <trunkline/base/text.hpp>

#include <string>
#include <vector>

namespace trunkline::app {

Result<> CallMetrics::seed(store::Database& database) {
  const auto rows =
      database.read_blocking<std::vector<store::Row>>([](store::Sql& sql) -> Result<std::vector<store::Row>> {
        return sql.query(
            "SELECT provider, direction, COUNT(*) FROM calls WHERE terminal = 0 GROUP BY provider, direction");
      });
  if (!rows) return rows.error();
  for (const auto& row : *rows) {
    metrics_.calls_active(row.text(0), row.text(1)).set(static_cast<double>(row.integer(2)));
  }
  return {};
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

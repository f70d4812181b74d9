#include "cli/commands.hpp"

#include <trunkline/app/database.hpp>
#include <trunkline/app/verify_live.hpp>
#include <trunkline/calls/verify.hpp>
#include <trunkline/store/migrations.hpp>

#include <nlohmann/json.hpp>

#include <iostream>

namespace trunkline::cli {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t max_lines = 100;

Result<calls::VerifyReport> compare(const config::Settings& settings) {
  const auto database = app::open_database_to_read(settings);
  if (!database) return database.error();
  if (auto known = store::require_schema(**database, store::migrations_for(**database)); !known) return known.error();
  auto report = calls::verify_calls(**database, {.calls_were_removed = settings.cleanup.call_days > 0});
  if (!report) return report.error();
  if (auto compared = app::verify_live(settings, **database, *report); !compared) return compared.error();
  return report;
}

void print_json(const calls::VerifyReport& report) {
  ordered_json out = {{"agrees", report.agrees()},
                      {"calls", report.calls},
                      {"events", report.events},
                      {"recordings", report.recordings},
                      {"transcriptSegments", report.segments},
                      {"found", report.found},
                      {"differences", ordered_json::array()}};
  for (const auto& [what, id, expected, found] : report.differences) {
    out["differences"].push_back({{"what", what}, {"id", id}, {"expected", expected}, {"found", found}});
  }
  std::cout << out.dump(2, ' ', false, ordered_json::error_handler_t::replace) << '\n';
}

void print_lines(const calls::VerifyReport& report) {
  std::size_t lines = 0;
  for (const auto& [what, id, expected, found] : report.differences) {
    if (++lines > max_lines) break;
    std::cout << what << "  " << id << ": expected " << expected << ", found " << found << '\n';
  }
  const auto more = report.found - static_cast<std::int64_t>(max_lines);
  if (more > 0) std::cout << "and " << more << " more\n";
  std::cout << report.calls << " calls, " << report.events << " events, " << report.recordings << " recordings, "
            << report.segments << " transcript segments: ";
  if (report.agrees()) {
    std::cout << "all agree\n";
  } else {
    std::cout << report.found << " differences\n";
  }
}

}  // namespace

int verify(const Common& common) {
  const config::Loaded loaded = load_settings(common);
  if (report_problems(loaded)) return configuration;
  const auto report = compare(loaded.settings);
  if (!report) {
    std::cerr << "trunkline: " << explain(report.error()) << '\n';
    return failed;
  }
  if (common.json) {
    print_json(*report);
  } else {
    print_lines(*report);
  }
  return report->agrees() ? ok : failed;
}

}  // namespace trunkline::cli

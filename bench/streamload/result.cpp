#include "result.hpp"

#include "clock.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

namespace streamload {
namespace {

using nlohmann::ordered_json;

// A generator that is late measures itself.
constexpr double late_limit_ms = 5;
constexpr double late_share = 0.005;

double rounded(double value) {
  return std::round(value * 1000) / 1000;
}

ordered_json to_json(const Histogram& histogram) {
  return {{"p50", rounded(ms_of(histogram.quantile(0.5)))},
          {"p99", rounded(ms_of(histogram.quantile(0.99)))},
          {"p999", rounded(ms_of(histogram.quantile(0.999)))},
          {"max", rounded(ms_of(histogram.max()))}};
}

struct Rates {
  double us_per_frame;
  double core_percent;
  double generator_percent;
  double foreign_percent;
  double switches;
  double rss_kb_per_stream;
};

Rates rates_of(const Result& result) {
  const double seconds = std::max(1e-3, static_cast<double>(result.after.at_ns - result.before.at_ns) * 1e-9);
  const double frames = std::max(1.0, static_cast<double>(result.sent));
  const double server = result.after.server_seconds - result.before.server_seconds;
  const double own = result.after.own_seconds - result.before.own_seconds;
  const auto grown = static_cast<double>(result.after.rss_kb) - static_cast<double>(result.idle.rss_kb);
  const auto switches =
      static_cast<double>(result.after.context_switches) - static_cast<double>(result.before.context_switches);
  return {1e6 * server / frames, 100 * server / seconds,
          100 * own / seconds,   100 * foreign_seconds(result.before, result.after) / seconds,
          switches / seconds,    result.ready == 0 ? 0 : grown / result.ready};
}

double setup_rate(const Result& result) {
  return static_cast<double>(result.ready) / std::max(1e-3, result.setup_seconds);
}

}  // namespace

bool Result::server_failed(const Options& options) const {
  if (failed > 0 || ended_early > 0) return true;
  if (!options.media) return false;
  return lost() > 0 || arrived == 0 || ms_of(relay.quantile(0.99)) >= options.p99_limit_ms;
}

bool Result::generator_failed() const {
  return ms_of(lateness.quantile(0.99)) > late_limit_ms ||
         static_cast<double>(late_sends) > late_share * static_cast<double>(sent);
}

std::string Result::verdict(const Options& options) const {
  if (server_failed(options)) return generator_failed() ? "server_and_generator_limit" : "server_limit";
  return generator_failed() ? "generator_limit" : "pass";
}

std::string to_json(const Result& result, const Options& options) {
  const Rates rates = rates_of(result);
  const double setup_cpu = result.end.server_seconds - result.idle.server_seconds;
  ordered_json out = {{"verdict", result.verdict(options)},
                      {"streams", result.streams},
                      {"ready", result.ready},
                      {"failed", result.failed},
                      {"endedEarly", result.ended_early},
                      {"reasons", result.reasons},
                      {"setupsPerSecond", rounded(setup_rate(result))},
                      {"sent", result.sent},
                      {"lost", result.lost()},
                      {"outOfOrder", result.out_of_order},
                      {"relayMs", to_json(result.relay)},
                      {"latenessMs", to_json(result.lateness)},
                      {"usPerFrame", rounded(rates.us_per_frame)},
                      {"corePercent", rounded(rates.core_percent)},
                      {"rssMb", result.after.rss_kb / 1024},
                      {"rssKbPerStream", rounded(rates.rss_kb_per_stream)},
                      {"rssAfterMb", result.end.rss_kb / 1024},
                      {"switchesPerSecond", std::round(rates.switches)},
                      {"sinksLeft", result.sinks_left},
                      {"generatorPercent", rounded(rates.generator_percent)},
                      {"foreignPercent", rounded(rates.foreign_percent)}};
  if (!options.media && result.ready > 0) out["usPerCall"] = rounded(1e6 * setup_cpu / result.ready);
  return out.dump();
}

std::string to_line(const Result& result, const Options& options) {
  const Rates rates = rates_of(result);
  char line[400];
  std::snprintf(
      line, sizeof line,
      "%u streams: %s | relay p50 %.2f p99 %.2f max %.1f ms, lost %llu | %.1f us/frame, core %.0f %%, %.0f kB/stream "
      "| setup %.0f/s, failed %u, ended early %u | own lateness p99 %.2f ms, generator %.0f %%, foreign %.0f %%",
      result.streams, result.verdict(options).c_str(), ms_of(result.relay.quantile(0.5)),
      ms_of(result.relay.quantile(0.99)), ms_of(result.relay.max()), static_cast<unsigned long long>(result.lost()),
      rates.us_per_frame, rates.core_percent, rates.rss_kb_per_stream, setup_rate(result), result.failed,
      result.ended_early, ms_of(result.lateness.quantile(0.99)), rates.generator_percent, rates.foreign_percent);
  std::string text = line;
  for (const auto& [reason, count] : result.reasons) text += "\n    " + std::to_string(count) + " x " + reason;
  return text;
}

}  // namespace streamload

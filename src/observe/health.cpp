#include <trunkline/base/text.hpp>
#include <trunkline/observe/health.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace trunkline::observe {
namespace {

using nlohmann::json;

HealthReply reply(bool good, const json& body) {
  return {good ? 200 : 503, body.dump(-1, ' ', false, json::error_handler_t::replace)};
}

}  // namespace

Health::Health(About about, std::size_t workers, const Clock& clock, Limits limits)
    : about_(std::move(about)), clock_(clock), limits_(limits), started_(clock.mono()), beats_(workers) {
  for (auto& beat : beats_) beat = started_.time_since_epoch().count();
}

void Health::expect(std::string_view dependency, bool needed, std::string_view kind,
                    std::optional<milliseconds> good_for) {
  const std::lock_guard lock(mutex_);
  Dependency& entry = dependencies_[std::string(dependency)];
  entry.needed = needed;
  entry.kind = kind;
  entry.good_for = good_for;
}

void Health::report(std::string_view dependency, Finding finding, milliseconds took, std::string_view error) {
  const std::lock_guard lock(mutex_);
  const auto found = dependencies_.find(dependency);
  if (found == dependencies_.end()) return;
  Dependency& entry = found->second;
  entry.finding = finding;
  entry.took = took;
  entry.checked_at = clock_.wall();
  entry.checked_mono = clock_.mono();
  entry.error = error;
}

void Health::beat(std::size_t worker) {
  beats_.at(worker) = clock_.mono().time_since_epoch().count();
}

bool Health::live() const {
  const MonoTime oldest_allowed = clock_.mono() - limits_.loop_silence;
  return std::all_of(beats_.begin(), beats_.end(), [&](const std::atomic<MonoTime::rep>& beat) {
    return MonoTime(MonoTime::duration(beat)) >= oldest_allowed;
  });
}

bool Health::ready() const {
  return reasons_not_ready().empty();
}

std::string_view Health::status_of(const Dependency& dependency) const {
  if (!dependency.checked_at) return "unknown";
  if (dependency.finding == Finding::down) return "down";
  if (dependency.finding == Finding::degraded) return "degraded";
  const milliseconds good_for = dependency.good_for.value_or(limits_.check_age);
  return clock_.mono() - dependency.checked_mono > good_for ? "stale" : "up";
}

std::vector<std::string> Health::reasons_not_ready() const {
  std::vector<std::string> reasons;
  if (!live()) reasons.emplace_back("a worker is stuck");
  if (draining_) reasons.emplace_back("draining");
  const std::lock_guard lock(mutex_);
  for (const auto& [name, dependency] : dependencies_) {
    const std::string_view status = status_of(dependency);
    if (dependency.needed && status != "up") reasons.push_back(name + " is " + std::string(status));
  }
  return reasons;
}

bool Health::something_is_amiss() const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(
      dependencies_, [](const auto& entry) { return entry.second.checked_at && entry.second.finding != Finding::up; });
}

HealthReply Health::health() const {
  const bool good = live();
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(clock_.mono() - started_);
  return reply(good, {{"status", !good                  ? "unhealthy"
                                 : something_is_amiss() ? "degraded"
                                                        : "healthy"},
                      {"service", about_.service},
                      {"timestamp", text::to_rfc3339(clock_.wall())},
                      {"version", about_.version},
                      {"uptimeSeconds", uptime.count()}});
}

HealthReply Health::livez() const {
  const bool good = live();
  return reply(good, {{"status", good ? "live" : "stuck"}});
}

HealthReply Health::readyz() const {
  const auto reasons = reasons_not_ready();
  return reply(reasons.empty(), {{"status", reasons.empty() ? "ready" : "not_ready"}, {"reasons", reasons}});
}

HealthReply Health::detailed() const {
  const auto reasons = reasons_not_ready();
  json body = json::parse(health().body);
  json list = json::array();
  bool all_up = true;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, dependency] : dependencies_) {
      const std::string_view status = status_of(dependency);
      all_up = all_up && status == "up";
      json row = {{"name", name}, {"status", status}, {"needed", dependency.needed}};
      row["kind"] = dependency.kind.empty() ? json() : json(dependency.kind);
      row["latencyMs"] = dependency.checked_at ? json(dependency.took.count()) : json();
      row["checkedAt"] = dependency.checked_at ? json(text::to_rfc3339(*dependency.checked_at)) : json();
      row["error"] = dependency.error.empty() ? json() : json(dependency.error);
      list.push_back(std::move(row));
    }
  }
  body["status"] = !reasons.empty() ? "unhealthy" : all_up ? "healthy" : "degraded";
  body["ready"] = reasons.empty();
  body["reasons"] = reasons;
  body["dependencies"] = std::move(list);
  return reply(reasons.empty(), body);
}

}  // namespace trunkline::observe

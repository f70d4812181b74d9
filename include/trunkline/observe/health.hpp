#pragma once

#include <trunkline/base/clock.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::observe {

/// An HTTP status and a JSON body.
struct HealthReply {
  int status = 200;
  std::string body;
};

/// Whether the process lives, and whether it should be given work.
///
/// Pure bookkeeping: whoever owns a dependency checks it now and then and calls report(); each worker calls beat()
/// from a timer; every answer is made from what was last reported, so that asking costs nothing and never blocks.
/// Any thread.
class Health {
 public:
  struct About {
    std::string service = "trunkline";
    std::string version;
  };
  struct Limits {
    milliseconds loop_silence{10'000};  ///< a worker that has not beaten for this long is stuck
    milliseconds check_age{60'000};     ///< a result older than this no longer counts as good
  };

  Health(About about, std::size_t workers, const Clock& clock, Limits limits);
  Health(About about, std::size_t workers, const Clock& clock) : Health(std::move(about), workers, clock, Limits{}) {}

  /// Names a dependency. Until its first report it is `unknown`. One that is needed makes the process unready while
  /// it is not up; one that is not shows only in detailed(). `kind` says what it is where there are several, such as
  /// `postgres`. `good_for`: how long a good result counts, where it is not Limits::check_age. Naming it again changes
  /// only that.
  void expect(std::string_view dependency, bool needed, std::string_view kind = {},
              std::optional<milliseconds> good_for = std::nullopt);

  enum class Finding : std::uint8_t {
    up,
    degraded,  ///< it is there, and serves less than it should
    down,
  };
  /// The result of a check that took `took`. `error` is for operators: no secrets. Unknown names are ignored.
  void report(std::string_view dependency, Finding finding, milliseconds took, std::string_view error = {});
  void report(std::string_view dependency, bool ok, milliseconds took, std::string_view error = {}) {
    report(dependency, ok ? Finding::up : Finding::down, took, error);
  }

  /// Called by worker `worker` (from 0) from a timer on its own loop, well within Limits::loop_silence.
  void beat(std::size_t worker);

  /// From now on not ready; never goes back.
  void drain() { draining_ = true; }
  bool draining() const { return draining_; }

  /// Depends on nothing but the workers' beats.
  bool live() const;
  /// Live, not draining, and every needed dependency is up.
  bool ready() const;

  HealthReply health() const;    ///< /health, /api/health: 200 whenever live, `degraded` while a dependency is not up
  HealthReply livez() const;     ///< /livez
  HealthReply readyz() const;    ///< /readyz, /api/ready: 503 with the reasons
  HealthReply detailed() const;  ///< /api/health/detailed: every dependency with its milliseconds

 private:
  struct Dependency {
    bool needed = false;
    std::string kind;
    std::optional<milliseconds> good_for;
    Finding finding = Finding::down;
    milliseconds took{};
    std::optional<WallTime> checked_at;
    MonoTime checked_mono;
    std::string error;
  };

  std::string_view status_of(const Dependency& dependency) const;
  std::vector<std::string> reasons_not_ready() const;
  bool something_is_amiss() const;

  About about_;
  const Clock& clock_;
  Limits limits_;
  MonoTime started_;
  std::vector<std::atomic<MonoTime::rep>> beats_;
  std::atomic<bool> draining_{false};
  mutable std::mutex mutex_;
  std::map<std::string, Dependency, std::less<>> dependencies_;
};

}  // namespace trunkline::observe

#pragma once

#include <trunkline/api/api.hpp>
#include <trunkline/base/clock.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/config/settings.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace trunkline::app {

inline constexpr std::string_view version = TRUNKLINE_VERSION;

/// The whole gateway, built from its settings: the one place that knows everybody.
class App {
 public:
  /// Opens the store, recovers what an earlier run left, and serves. Errors name what to change.
  static Result<std::unique_ptr<App>> start(config::Settings settings);
  ~App();

  std::uint16_t port() const;
  const config::Settings& settings() const;
  std::vector<api::RouteInfo> routes() const;

  /// Certificates anew (SIGHUP).
  Result<> reload();

  /// New calls are refused and readiness goes off; returns at once.
  void drain();
  /// Whether a drain has nothing left to wait for.
  bool drained() const;
  /// Ends what still runs, lets recordings and the log be finished, bounded in time, and closes everything.
  void stop();

 private:
  class Impl;
  explicit App(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace trunkline::app

#pragma once

#include <trunkline/app/app.hpp>
#include <trunkline/base/ids.hpp>
#include <trunkline/config/settings.hpp>
#include <trunkline/sim/acs_service.hpp>

#include <functional>
#include <memory>

namespace trunkline::cli {

/// The accounts that a demonstration needs and nobody has: what the settings lack is filled in with secrets that live
/// as long as the process, and Azure's service is played on a free port. Made before the gateway starts, outlives it.
class DemoProviders {
 public:
  explicit DemoProviders(config::Settings& settings);

  /// Errors: those of AcsService::start().
  Result<> start();
  /// Null when the settings have an Azure of their own, which nobody can be called from.
  sim::AcsService* acs() { return acs_.get(); }

 private:
  config::Settings& settings_;
  std::unique_ptr<Ids> ids_;
  std::unique_ptr<sim::AcsService> acs_;
};

/// The first minute with Trunkline: places one simulated call of each provider against the running gateway, prints
/// their events and transcripts as they come over the public API, and says where the recordings lie and what to look at
/// next.
class Demo {
 public:
  /// `once`: the gateway ends with the demonstration. `done` is called once on the demonstration's own thread; `good`
  /// when every call was recorded and transcribed. `acs` may be null: then there is no such call.
  Demo(const app::App& app, sim::AcsService* acs, bool once, std::function<void(bool good)> done);
  ~Demo();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trunkline::cli

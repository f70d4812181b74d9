#pragma once

#include <trunkline/app/app.hpp>

#include <functional>
#include <memory>

namespace trunkline::cli {

/// The first minute with Trunkline: places one simulated call against the running gateway, prints its events and its
/// transcript as they come over the public API, and says where the recording lies and what to look at next.
class Demo {
 public:
  /// `once`: the gateway ends with the demonstration. `done` is called once on the demonstration's own thread; `good`
  /// when the call was recorded and transcribed.
  Demo(const app::App& app, bool once, std::function<void(bool good)> done);
  ~Demo();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trunkline::cli

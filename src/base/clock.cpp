#include <trunkline/base/clock.hpp>

namespace trunkline {

const Clock& system_clock() {
  class SystemClock final : public Clock {
   public:
    WallTime wall() const override { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }
    MonoTime mono() const override { return std::chrono::steady_clock::now(); }
  };
  static const SystemClock clock;
  return clock;
}

}  // namespace trunkline

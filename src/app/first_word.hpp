#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/observe/health.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace trunkline::app {

/// The outcome of one check, reported once: the dependency's answer, or, when there is none within `patience`, that it
/// does not answer. On one loop.
class FirstWord {
 public:
  FirstWord(const boost::asio::any_io_executor& loop, observe::Health& health, std::string dependency,
            milliseconds patience);

  void report(observe::Health::Finding finding, milliseconds took, std::string_view error);

 private:
  /// Shared with the timer, whose handler may run after the check is over.
  struct Outcome;

  std::shared_ptr<Outcome> outcome_;
  boost::asio::steady_timer impatience_;
};

}  // namespace trunkline::app

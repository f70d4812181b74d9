#pragma once

#include "support/manual_clock.hpp"

#include <trunkline/observe/log.hpp>

#include <mutex>
#include <string>
#include <vector>

namespace trunkline::test {

/// What is logged while it lives, line by line, at a time that stands still. Any thread may log.
class CapturedLog {
 public:
  explicit CapturedLog(log::Format format = log::Format::json, log::Level level = log::Level::debug) {
    log::set_up({level, format,
                 [this](std::string_view line) {
                   const std::lock_guard lock(mutex_);
                   lines_.emplace_back(line);
                 },
                 &clock});
  }
  ~CapturedLog() { log::set_up({}); }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;

  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  std::string last() const {
    const std::lock_guard lock(mutex_);
    return lines_.empty() ? std::string("nothing was logged") : lines_.back();
  }

  ManualClock clock{from_millis(1'790'000'000'123)};

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace trunkline::test

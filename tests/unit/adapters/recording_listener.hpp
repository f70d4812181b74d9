#pragma once

#include <trunkline/speech/transcriber.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

namespace trunkline::test {

/// Keeps what a transcriber reports, from any thread, and lets a test wait for the end.
class RecordingListener final : public speech::TranscriptListener {
 public:
  void on_segment(const speech::Segment& segment) override {
    const std::lock_guard lock(mutex_);
    segments_.push_back(segment);
  }
  void on_trouble(const std::string& reason, const std::string& message) override {
    const std::lock_guard lock(mutex_);
    troubles_.push_back(reason);
    messages_.push_back(message);
  }
  void on_finished() override {
    const std::lock_guard lock(mutex_);
    ++finished_;
    changed_.notify_all();
  }

  /// Whether the transcriber finished; a minute is far more than it may need.
  bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [this] { return finished_ > 0; });
  }
  int finished() const {
    const std::lock_guard lock(mutex_);
    return finished_;
  }
  std::vector<speech::Segment> segments() const {
    const std::lock_guard lock(mutex_);
    return segments_;
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> texts;
    for (const auto& segment : segments()) texts.push_back(segment.text);
    return texts;
  }
  std::vector<std::string> troubles() const {
    const std::lock_guard lock(mutex_);
    return troubles_;
  }
  /// What was said of the troubles, to be read.
  std::vector<std::string> messages() const {
    const std::lock_guard lock(mutex_);
    return messages_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<speech::Segment> segments_;
  std::vector<std::string> troubles_;
  std::vector<std::string> messages_;
  int finished_ = 0;
};

}  // namespace trunkline::test

#pragma once

#include "support/temporary_folder.hpp"

#include <trunkline/base/thread_pool.hpp>
#include <trunkline/recording/recorder.hpp>
#include <trunkline/recording/wav.hpp>

#include <catch2/catch.hpp>

#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace trunkline::recording {

using test::TemporaryFolder;

/// Waits for the outcome of a recording.
class Outcome {
 public:
  RecordingDone callback() {
    return [this](Result<FileFacts> facts) {
      const std::lock_guard lock(mutex_);
      outcomes_.push_back(std::move(facts));
      told_.notify_all();
    };
  }
  Result<FileFacts> wait() {
    std::unique_lock lock(mutex_);
    REQUIRE(told_.wait_for(lock, std::chrono::seconds(20), [this] { return !outcomes_.empty(); }));
    return outcomes_.front();
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return outcomes_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable told_;
  std::vector<Result<FileFacts>> outcomes_;
};

/// Holds up a pool of one thread until let go, so that a test decides when the disk works.
class Gate {
 public:
  explicit Gate(ThreadPool& pool) {
    REQUIRE(pool.try_post([state = state_] {  // which outlives the gate by as long as the thread needs to wake up
      std::unique_lock lock(state->mutex);
      state->moved.wait(lock, [&state] { return state->open; });
    }));
  }
  ~Gate() { open(); }
  void open() {
    const std::lock_guard lock(state_->mutex);
    state_->open = true;
    state_->moved.notify_all();
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable moved;
    bool open = false;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// Waits until the pool of one thread has done everything that was posted before.
inline void settle(ThreadPool& pool) {
  std::mutex mutex;
  std::condition_variable passed;
  bool done = false;
  REQUIRE(pool.try_post([&] {
    const std::lock_guard lock(mutex);
    done = true;
    passed.notify_all();
  }));
  std::unique_lock lock(mutex);
  passed.wait(lock, [&] { return done; });
}

inline std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::vector<std::int16_t> channel(const WavAudio& audio, std::size_t which) {
  std::vector<std::int16_t> samples;
  for (std::size_t i = which; i < audio.samples.size(); i += static_cast<std::size_t>(audio.channels))
    samples.push_back(audio.samples[i]);
  return samples;
}

}  // namespace trunkline::recording

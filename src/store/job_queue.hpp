#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/store/sql.hpp>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

namespace trunkline::store {

/// Work for a database's thread, and whom to tell how it ended.
struct Job {
  std::function<Result<>(Sql&)> work;
  std::function<void(Result<>)> done;
  /// When it was submitted; only a database that gives up waiting jobs looks at it.
  // NOLINTNEXTLINE(readability-redundant-member-init): g++ warns where it is left out
  MonoTime since{};
};

/// Jobs that wait, first in, first out. Any thread may push and any may take.
class JobQueue {
 public:
  explicit JobQueue(std::size_t limit) : limit_(limit) {}

  enum class Push : std::uint8_t { taken, full, closed };
  /// A job that was not taken is still `job`.
  [[nodiscard]] Push try_push(Job& job);

  /// Waits for a job and takes all that are there, at most `most`. Empty once the queue is closed and drained.
  std::vector<Job> take(std::size_t most);

  /// Those that were submitted before `moment`, without waiting for any.
  std::vector<Job> take_older(MonoTime moment);

  /// Ends every take() as soon as nothing waits any more, and takes nothing more.
  void close();

  std::size_t size() const;

 private:
  std::vector<Job> take_first(std::size_t count);

  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool closed_ = false;
};

}  // namespace trunkline::store

#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/lru.hpp>
#include <trunkline/calls/call.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace trunkline::calls {

/// Calls as they were a moment ago, in this process; those that nobody asked for longest go first. Any thread.
///
/// Whoever puts a call says when he began to read it, and is refused when a newer version was heard of since then, or
/// when that can no longer be told: of versions heard as many are remembered as there may be calls.
class CallCache {
 public:
  struct Limits {
    std::size_t calls = 10'000;  ///< 0: nothing is kept
    milliseconds ttl{5'000};     ///< no call is given that was read longer ago
  };
  using Found = std::shared_ptr<const Call>;

  /// The moment at which a read begins.
  struct Begun {
    MonoTime at;
    std::uint64_t heard = 0;  ///< how much had been heard by then
  };

  CallCache(const Limits& limits, const Clock& clock);

  bool keeps() const { return limits_.calls > 0; }
  const Limits& limits() const { return limits_; }

  /// The newest version that was put, or nothing when it is too old.
  Found find(const std::string& call_id);

  Begun begin() const;
  /// False when something newer is known, or may be: the call is not the one to show.
  bool put(const Found& call, const Begun& begun);
  /// The call has that version now: an older one is not given any more, nor taken.
  void hear(const std::string& call_id, std::int64_t version);
  /// For when it cannot be told what was not heard. What is being read now is not taken.
  void forget_all();

  std::size_t size() const;

 private:
  struct Kept {
    Found call;
    MonoTime read_at;
  };
  struct Heard {
    std::int64_t version = 0;
    std::uint64_t number = 0;  // of all that was heard
  };

  const Limits limits_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  Lru<Kept> calls_;
  Lru<Heard> versions_;
  std::uint64_t heard_ = 0;
  std::uint64_t forgotten_ = 0;  // the number of the newest that was heard and is not in `versions_` any more
};

}  // namespace trunkline::calls

#pragma once

#include <trunkline/calls/call_service.hpp>

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace trunkline::calls {

/// A stored event as observers are told of it.
struct Committed {
  Event event;
  Call call;                      ///< after the event
  std::optional<State> previous;  ///< before it; nothing for a call's first event
};

/// Tells observers of committed events in the order of the log.
///
/// Transactions end on the database's thread, but the coroutines that wait for them go on wherever they belong, in any
/// order. So each transaction takes a place in the queue while it still holds its calls, and is announced, once it is
/// known to have committed, when all before it are settled.
class Announcer {
 public:
  /// One transaction's place. Dropped without a word when it is destroyed unsettled: then nobody knows of a commit.
  class Place {
   public:
    explicit Place(Announcer& announcer) : announcer_(announcer), batch_(std::make_shared<Batch>()) {}
    ~Place() { announcer_.settle(batch_, false); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    /// As the last act inside the transaction. A transaction that is tried again takes a new place.
    void take(std::vector<Committed> events) { announcer_.enter(batch_, std::move(events)); }
    void settle(bool committed) { announcer_.settle(batch_, committed); }
    /// Once the transaction is over.
    const std::vector<Committed>& events() const { return batch_->events; }

   private:
    friend class Announcer;
    enum class Outcome { open, committed, dropped };
    struct Batch {
      std::vector<Committed> events;
      Outcome outcome = Outcome::open;
    };

    Announcer& announcer_;
    std::shared_ptr<Batch> batch_;
  };

  void observe(EventObserver& observer) { observers_.push_back(&observer); }

 private:
  using Batch = Place::Batch;

  void enter(const std::shared_ptr<Batch>& batch, std::vector<Committed> events);
  void settle(const std::shared_ptr<Batch>& batch, bool committed);
  void announce(const Batch& batch) const;

  std::vector<EventObserver*> observers_;
  std::mutex mutex_;
  std::deque<std::shared_ptr<Batch>> queue_;
  bool announcing_ = false;  ///< one thread at a time empties the queue, so that the order holds
};

}  // namespace trunkline::calls

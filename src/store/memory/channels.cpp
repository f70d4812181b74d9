#include "store/memory/channels.hpp"

#include "store/live_rules.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace trunkline::store::memory {
namespace {

constexpr std::size_t max_waiting = 10'000;  // messages that the loop has not come to

}  // namespace

class Channels::Member final : public LiveStore::Subscription {
 public:
  Member(std::shared_ptr<Channels> channels, std::shared_ptr<Listener> listener)
      : channels_(std::move(channels)), listener_(std::move(listener)) {}
  ~Member() override { channels_->leave(listener_); }

 private:
  std::shared_ptr<Channels> channels_;
  std::shared_ptr<Listener> listener_;
};

std::int64_t Channels::publish(const std::string& channel, std::string message) {
  const std::lock_guard lock(mutex_);
  const auto found = listeners_.find(channel);
  if (found == listeners_.end() || stopped_) return 0;
  Listeners to = found->second;
  if (waiting_ >= max_waiting) {
    missed_.insert(to.begin(), to.end());
    return 1;
  }
  ++waiting_;
  asio::post(loop_, [self = shared_from_this(), to = std::move(to), message = std::move(message)] {
    self->deliver(to, message);
  });
  return 1;
}

void Channels::deliver(const Listeners& to, std::string_view message) {
  std::set<std::shared_ptr<Listener>> missed;
  {
    const std::lock_guard lock(mutex_);
    --waiting_;
    if (stopped_) return;
    missed.swap(missed_);
  }
  for (const auto& listener : to) {
    if (!listener->ended) live::tell([&] { listener->on_message(message); });
  }
  for (const auto& listener : missed) {
    if (!listener->ended) live::tell(listener->on_gap);
  }
}

std::unique_ptr<LiveStore::Subscription> Channels::subscribe(std::string channel, LiveStore::OnMessage on_message,
                                                             std::function<void()> on_gap) {
  auto listener = std::make_shared<Listener>();
  listener->channel = std::move(channel);
  listener->on_message = std::move(on_message);
  listener->on_gap = std::move(on_gap);
  const std::lock_guard lock(mutex_);
  listeners_[listener->channel].push_back(listener);
  return std::make_unique<Member>(shared_from_this(), std::move(listener));
}

void Channels::leave(const std::shared_ptr<Listener>& listener) {
  listener->ended = true;
  const std::lock_guard lock(mutex_);
  const auto found = listeners_.find(listener->channel);
  std::erase(found->second, listener);
  if (found->second.empty()) listeners_.erase(found);
}

void Channels::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
}

}  // namespace trunkline::store::memory

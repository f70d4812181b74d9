#pragma once

#include "store/redis/link.hpp"
#include "store/redis/subscriptions.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <vector>

namespace trunkline::store::redis {

/// Both connections of one store, and the way from any thread to their loop.
class Core final : public LinkOwner {
 public:
  Core(RedisOptions options, asio::io_context& loop, const Clock& clock);

  const RedisOptions& options() const { return options_; }
  MonoTime deadline() const { return clock_.mono() + options_.timeout; }

  // Any thread.
  void start();
  void stop();
  /// What is submitted before the loop comes to it goes out in one piece.
  void submit(Request request);
  void listen(std::shared_ptr<Listener> listener);
  void leave(std::shared_ptr<Listener> listener);
  bool connected() const { return connected_; }
  std::uint64_t losses() const { return losses_; }

 private:
  void on_up(Link& link) override;
  void on_down(Link& link, const Error& why, bool was_up) override;
  void on_published(const Published& published) override;

  std::shared_ptr<Core> self() { return std::static_pointer_cast<Core>(shared_from_this()); }
  asio::awaitable<void> watch(std::shared_ptr<Core> alive);
  asio::awaitable<void> follow_master(std::shared_ptr<Core> alive);
  bool stopped();
  void take_inbox();
  void tell_of_loss(const Error& why, bool was_up);
  void tell_of_return();

  const RedisOptions options_;
  asio::io_context& loop_;
  const Clock& clock_;
  Link commands_;
  Link listening_;
  Subscriptions subscriptions_;
  std::optional<MonoTime> lost_at_;  // nothing while both are up
  bool was_up_ = false;              // the commands' connection, once
  bool told_refusal_ = false;
  std::atomic<bool> connected_ = false;
  std::atomic<std::uint64_t> losses_ = 0;

  std::mutex mutex_;
  std::vector<Request> inbox_;
  bool coming_ = false;  // the loop was told of the inbox
  bool stopped_ = false;
};

}  // namespace trunkline::store::redis

#pragma once

#include <trunkline/store/live.hpp>

#include <boost/asio/io_context.hpp>

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace trunkline::store::memory {

/// Who listens where in this process, and the way of each message to the loop. Any thread publishes and subscribes.
class Channels : public std::enable_shared_from_this<Channels> {
 public:
  explicit Channels(asio::io_context& loop) : loop_(loop) {}

  /// 1 when somebody listens, else 0.
  std::int64_t publish(const std::string& channel, std::string message);
  std::unique_ptr<LiveStore::Subscription> subscribe(std::string channel, LiveStore::OnMessage on_message,
                                                     std::function<void()> on_gap);
  /// From now on nothing is delivered.
  void stop();

 private:
  class Member;
  struct Listener {
    std::string channel;
    LiveStore::OnMessage on_message;
    std::function<void()> on_gap;
    bool ended = false;  // on the loop
  };
  using Listeners = std::vector<std::shared_ptr<Listener>>;

  void deliver(const Listeners& to, std::string_view message);
  void leave(const std::shared_ptr<Listener>& listener);

  asio::io_context& loop_;
  std::mutex mutex_;
  std::unordered_map<std::string, Listeners> listeners_;  // by channel
  std::set<std::shared_ptr<Listener>> missed_;            // who is to be told of a gap
  std::size_t waiting_ = 0;
  bool stopped_ = false;
};

}  // namespace trunkline::store::memory

#pragma once

#include "support/any_live.hpp"
#include "support/tcp_proxy.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace trunkline::store::test {

using namespace std::chrono_literals;
using trunkline::test::once;
using trunkline::test::TcpProxy;
using Verdict = TcpProxy::Verdict;

/// Asks again and again until it is so, for a limited time.
inline void eventually(const std::function<bool()>& so) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!so()) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::sleep_for(2ms);
  }
}

/// Short enough for a test, long enough for a machine that is busy.
inline RedisOptions impatient(std::uint16_t port) {
  RedisOptions options;
  options.server.port = port;
  options.prefix = own_prefix();
  options.timeout = 600ms;
  options.connect_timeout = 2'000ms;
  options.idle_limit = 300ms;
  options.longest_pause = 100ms;
  return options;
}

/// One process, its loops, and its store.
class Node {
 public:
  explicit Node(RedisOptions options) : live_(open_redis(std::move(options), loop_.context(), system_clock())) {}
  ~Node() {
    stop();
    loop_.end();  // subscriptions end on it, or after it
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  LiveStore* operator->() const { return live_.get(); }
  template <class T>
  T ask(asio::awaitable<T> question) {
    return callers_.ask(std::move(question));
  }
  /// Without waiting for the answer.
  template <class T>
  std::future<T> begin(asio::awaitable<T> question) {
    return asio::co_spawn(callers_.context(), std::move(question), asio::use_future);
  }
  /// What `meanwhile` begins has come to the store's loop before that looks at any of it.
  void while_busy(const std::function<void()>& meanwhile) {
    std::promise<void> over;
    asio::post(loop_.context(), [until = over.get_future().share()] { until.wait(); });
    meanwhile();
    ask(nothing());  // the callers' loop has begun all of them
    over.set_value();
  }
  /// `ok`, or what went wrong.
  template <class T>
  std::string outcome(asio::awaitable<Result<T>> question) {
    return outcome_of(ask(std::move(question)));
  }
  template <class T>
  static std::string outcome_of(const Result<T>& answer) {
    return answer ? "ok" : answer.error().code;
  }
  /// How many processes heard it; none when that is not known.
  std::int64_t publish(const std::string& channel) {
    const auto told = ask(live_->publish(channel, "m"));
    return told ? *told : 0;
  }
  /// Empty when there is none, or none to be had.
  std::string value_of(const std::string& key) {
    const auto got = ask(live_->get(key));
    return got && *got ? **got : "";
  }
  void be_connected() {
    eventually([this] { return live_->connected(); });
  }
  /// For as long as the node is there: what is called must be there longer.
  void subscribe(const std::string& channel, LiveStore::OnMessage on_message, std::function<void()> on_gap) {
    subscriptions_.push_back(live_->subscribe(channel, std::move(on_message), std::move(on_gap)));
  }
  void stop() {
    live_->stop();
    loop_.ask(nothing());  // what stop() put on the loop is done
  }

 private:
  static asio::awaitable<void> nothing() { co_return; }

  RunningLoop callers_;
  RunningLoop loop_;  // ends first: it holds on to whom it answers
  std::unique_ptr<LiveStore> live_;
  std::vector<std::unique_ptr<LiveStore::Subscription>> subscriptions_;
};

/// Counts what it hears. Made before the node.
struct Counting {
  void listen(Node& node, const std::string& channel) {
    node.subscribe(channel, [this](std::string_view) { ++heard; }, [this] { ++gaps; });
  }

  std::atomic<int> heard = 0;
  std::atomic<int> gaps = 0;
};

}  // namespace trunkline::store::test

#pragma once

#include "store/redis/link.hpp"

#include <trunkline/store/live.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace trunkline::store::redis {

/// Who listens to one channel in this process.
struct Listener {
  std::string channel;  ///< with the prefix
  LiveStore::OnMessage on_message;
  std::function<void()> on_gap;
  bool ended = false;
  bool missed = false;  ///< there may have been messages while there was no connection
};

/// What this process listens to: the server knows each channel once, after every loss anew. On the loop.
class Subscriptions {
 public:
  Subscriptions(LinkOwner& owner, Link& link, const RedisOptions& options, const Clock& clock)
      : owner_(owner), link_(link), options_(options), clock_(clock) {}

  void add(const std::shared_ptr<Listener>& listener);
  void remove(const std::shared_ptr<Listener>& listener);

  void on_up();
  void on_down();
  void on_published(const Published& published);

 private:
  using Listeners = std::vector<std::shared_ptr<Listener>>;

  void tell_server(const char* verb, const std::string& channel);
  void on_confirmed(const std::string& channel);
  Listeners at(const std::string& channel) const;

  LinkOwner& owner_;
  Link& link_;
  const RedisOptions& options_;
  const Clock& clock_;
  std::map<std::string, Listeners> channels_;
  bool lost_ = false;  // the connection, or the first try to make one
};

}  // namespace trunkline::store::redis

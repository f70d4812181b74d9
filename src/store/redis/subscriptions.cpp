#include "store/redis/subscriptions.hpp"

#include "store/live_rules.hpp"

#include <utility>

namespace trunkline::store::redis {

void Subscriptions::add(const std::shared_ptr<Listener>& listener) {
  if (listener->ended) return;
  listener->missed = lost_;
  Listeners& listeners = channels_[listener->channel];
  listeners.push_back(listener);
  if (!link_.up() || listeners.size() > 1) return;
  tell_server("SUBSCRIBE", listener->channel);
  link_.flush();
}

void Subscriptions::remove(const std::shared_ptr<Listener>& listener) {
  const auto found = channels_.find(listener->channel);
  if (found == channels_.end() || std::erase(found->second, listener) == 0 || !found->second.empty()) return;
  channels_.erase(found);
  if (!link_.up()) return;
  tell_server("UNSUBSCRIBE", listener->channel);
  link_.flush();
}

void Subscriptions::on_up() {
  lost_ = false;
  for (const auto& [channel, listeners] : channels_) tell_server("SUBSCRIBE", channel);
}

void Subscriptions::on_down() {
  lost_ = true;
  for (const auto& [channel, listeners] : channels_) {
    for (const auto& listener : listeners) listener->missed = true;
  }
}

void Subscriptions::on_published(const Published& published) {
  for (const auto& listener : at(published.channel)) {
    if (!listener->ended) live::tell([&] { listener->on_message(published.message); });
  }
}

void Subscriptions::tell_server(const char* verb, const std::string& channel) {
  Request request = make_request({{verb, channel}}, clock_.mono() + options_.timeout);
  // Weak: the request waits in what it would keep alive.
  request.done = [this, owner = owner_.weak_from_this(), channel](const Result<Replies>& replies) {
    if (!replies || owner.expired()) return;
    if (replies->front().is_error()) return link_.drop(make_error("live_refused", "Redis refuses to let us listen"));
    on_confirmed(channel);
  };
  link_.submit(std::move(request));
}

// An end is confirmed, too: then nobody is there, or another SUBSCRIBE is on its way.
void Subscriptions::on_confirmed(const std::string& channel) {
  for (const auto& listener : at(channel)) {
    if (!listener->ended && std::exchange(listener->missed, false)) live::tell(listener->on_gap);
  }
}

Subscriptions::Listeners Subscriptions::at(const std::string& channel) const {
  const auto found = channels_.find(channel);
  return found == channels_.end() ? Listeners{} : found->second;
}

}  // namespace trunkline::store::redis

#pragma once

#include "store/redis/session.hpp"
#include "store/redis/transport.hpp"

#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace trunkline::store::redis {

class Link;

/// Who has links, and hears what becomes of them. On the loop. What waits there keeps it alive.
class LinkOwner : public std::enable_shared_from_this<LinkOwner> {
 public:
  virtual ~LinkOwner() = default;
  /// Before anything that waits is sent: what is submitted now goes first.
  virtual void on_up(Link& link) = 0;
  /// A connection was lost, or (`was_up` is false) could not be made.
  virtual void on_down(Link& link, const Error& why, bool was_up) = 0;
  virtual void on_published(const Published& published) = 0;
};

/// One connection that is made again whenever it is lost, and the requests that want to go over it. On one loop.
class Link {
 public:
  Link(LinkOwner& owner, asio::io_context& loop, const RedisOptions& options, const Clock& clock, Session::Use use);

  void start();
  /// Everything that waits fails, and all that comes.
  void stop();

  /// What it was up for, or will be; fails at once when the last try to connect failed. flush() sends it.
  void submit(Request request);
  void flush();
  /// What has to be looked at as time goes by, several times within each time-out.
  void tick();
  /// Closes the connection, which is of no use: another one is made. While it is up.
  void drop(Error why);

  bool up() const { return session_.has_value(); }
  /// The server of this connection, or of the last one.
  const RedisAddress& address() const { return address_; }

 private:
  asio::awaitable<void> run(std::shared_ptr<LinkOwner> owner);
  asio::awaitable<Error> serve();
  asio::awaitable<void> read_all(Error& why);
  void become_up(std::shared_ptr<Transport> transport);
  void become_down(const Error& why);
  bool catching_up(MonoTime due, MonoTime now) const;
  void answer(Answered answered);
  void fail_waiting(const Error& why);

  LinkOwner& owner_;
  asio::io_context& loop_;
  const RedisOptions& options_;
  const Clock& clock_;
  const Session::Use use_;
  RedisAddress address_;
  std::shared_ptr<Transport> transport_;  // both only while it is up
  std::optional<Session> session_;
  std::optional<Error> dropped_;  // why we closed it ourselves
  std::deque<Request> waiting_;   // for the connection
  std::vector<char> buffer_;
  asio::steady_timer pause_;
  MonoTime up_at_;
  MonoTime heard_at_;
  std::optional<Error> away_;  // why the last try to connect failed
  bool writing_ = false;
  bool stopped_ = false;
};

}  // namespace trunkline::store::redis

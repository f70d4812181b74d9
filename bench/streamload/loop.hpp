#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace streamload {

/// One socket of the loop and what it has not yet sent or understood.
class Connection {
 public:
  virtual ~Connection() = default;

  /// What came, behind what was left before; returns how many bytes it used.
  virtual std::size_t on_bytes(std::span<std::uint8_t> bytes) = 0;
  /// The peer went away or the socket failed; it is closed already.
  virtual void on_gone(const std::string& why) = 0;
  bool is_open() const { return socket_ >= 0; }

 private:
  friend class Loop;
  int socket_ = -1;
  bool waits_for_room_ = false;
  std::vector<std::uint8_t> unread_;
  std::vector<std::uint8_t> unsent_;
};

/// One thread, one epoll set. It wakes on a fixed grid and not for what arrives, so that a server's sends need not wake
/// it; the kernel's time stamps say when things arrived.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Makes what comes in on 127.0.0.1:port; the loop keeps it until it is closed.
  class Acceptor {
   public:
    virtual ~Acceptor() = default;
    virtual std::unique_ptr<Connection> accepted() = 0;
  };
  void listen(int port, Acceptor& acceptor);

  /// Sends `first` as soon as the connection stands. The outcome shows in on_bytes() or on_gone().
  void connect(Connection& connection, const std::string& host, int port, std::string_view first);
  /// Sends now what the socket takes and keeps the rest.
  void send(Connection& connection, std::span<const std::uint8_t> bytes);
  void send(Connection& connection, std::string_view bytes);
  void close(Connection& connection);

  /// Handles what is ready; returns how much that was.
  int poll();
  /// Until the next point of the grid.
  static void sleep();

  /// When the bytes that are being handled arrived, on the monotonic clock.
  std::uint64_t arrived_ns() const { return arrived_ns_; }

 private:
  struct Listener {
    int socket;
    Acceptor* acceptor;
  };

  void watch(Connection& connection, bool add) const;
  void accept_all(const Listener& listener);
  void flush(Connection& connection);
  void read(Connection& connection);
  std::int64_t receive(int socket, std::span<std::uint8_t> room);
  void fail(Connection& connection, const std::string& why);

  int epoll_ = -1;
  std::vector<Listener> listeners_;
  std::vector<std::unique_ptr<Connection>> accepted_;
  bool some_closed_ = false;
  std::vector<std::uint8_t> input_;
  std::uint64_t arrived_ns_ = 0;
  std::uint64_t wall_offset_ns_ = 0;  // wall clock minus monotonic clock
  std::uint64_t offset_taken_ns_ = 0;
};

}  // namespace streamload

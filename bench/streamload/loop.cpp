#include "loop.hpp"

#include "clock.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace streamload {
namespace {

constexpr std::uint64_t grid_ns = 250'000;
constexpr std::size_t input_bytes = std::size_t{256} * 1024;
constexpr std::size_t max_unread = input_bytes / 2;
constexpr int max_accepts = 64;  // in one go

void set_options(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(socket, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
}

sockaddr_in address_of(const std::string& host, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  return address;
}

int new_socket() {
  return ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

}  // namespace

Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)), input_(input_bytes) {}

Loop::~Loop() {
  for (const Listener& listener : listeners_) ::close(listener.socket);
  for (const auto& connection : accepted_) close(*connection);
  ::close(epoll_);
}

void Loop::listen(int port, Acceptor& acceptor) {
  const int socket = listeners_.emplace_back(new_socket(), &acceptor).socket;
  const int on = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = address_of("127.0.0.1", port);
  const bool listens =
      ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && ::listen(socket, 4096) == 0;
  if (!listens) throw std::runtime_error("cannot listen on port " + std::to_string(port) + ": " + std::strerror(errno));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &acceptor;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
}

void Loop::connect(Connection& connection, const std::string& host, int port, std::string_view first) {
  connection.socket_ = new_socket();
  if (connection.socket_ < 0) return fail(connection, std::strerror(errno));
  set_options(connection.socket_);
  const sockaddr_in address = address_of(host, port);
  const int result = ::connect(connection.socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (result != 0 && errno != EINPROGRESS) return fail(connection, std::strerror(errno));
  connection.unread_.clear();
  connection.unsent_.assign(first.begin(), first.end());
  connection.waits_for_room_ = true;
  watch(connection, true);
}

void Loop::send(Connection& connection, std::span<const std::uint8_t> bytes) {
  if (!connection.is_open()) return;
  if (connection.unsent_.empty()) {
    const ssize_t sent = ::send(connection.socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) return fail(connection, std::strerror(errno));
    bytes = bytes.subspan(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
    if (bytes.empty()) return;
  }
  connection.unsent_.insert(connection.unsent_.end(), bytes.begin(), bytes.end());
  if (std::exchange(connection.waits_for_room_, true)) return;
  watch(connection, false);
}

void Loop::send(Connection& connection, std::string_view bytes) {
  send(connection, std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

void Loop::close(Connection& connection) {
  if (!connection.is_open()) return;
  ::close(std::exchange(connection.socket_, -1));
  some_closed_ = true;
}

int Loop::poll() {
  if (std::exchange(some_closed_, false)) std::erase_if(accepted_, [](const auto& one) { return !one->is_open(); });
  std::array<epoll_event, 64> events{};
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const auto listener =
        std::ranges::find_if(listeners_, [&](const Listener& one) { return one.acceptor == event.data.ptr; });
    if (listener != listeners_.end()) {
      accept_all(*listener);
      continue;
    }
    auto& connection = *static_cast<Connection*>(event.data.ptr);
    if (connection.is_open() && (event.events & EPOLLOUT) != 0) flush(connection);
    if (connection.is_open() && (event.events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) read(connection);
  }
  return count;
}

void Loop::sleep() {
  const std::uint64_t until = (now_ns() / grid_ns + 1) * grid_ns;
  const timespec time{static_cast<time_t>(until / ns_per_second), static_cast<long>(until % ns_per_second)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr);
}

void Loop::watch(Connection& connection, bool add) const {
  epoll_event event{};
  event.events = EPOLLIN | (connection.waits_for_room_ ? static_cast<std::uint32_t>(EPOLLOUT) : 0U);
  event.data.ptr = &connection;
  epoll_ctl(epoll_, add ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, connection.socket_, &event);
}

void Loop::accept_all(const Listener& listener) {
  for (int i = 0; i < max_accepts; ++i) {
    const int socket = ::accept4(listener.socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    set_options(socket);
    Connection& connection = *accepted_.emplace_back(listener.acceptor->accepted());
    connection.socket_ = socket;
    watch(connection, true);
  }
}

void Loop::flush(Connection& connection) {
  auto& unsent = connection.unsent_;
  const ssize_t sent = ::send(connection.socket_, unsent.data(), unsent.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno != EAGAIN) return fail(connection, std::strerror(errno));
  unsent.erase(unsent.begin(), unsent.begin() + std::max<ssize_t>(sent, 0));
  if (!unsent.empty()) return;
  connection.waits_for_room_ = false;
  watch(connection, false);
}

void Loop::read(Connection& connection) {
  auto& unread = connection.unread_;
  const std::size_t before = unread.size();
  if (before > max_unread) return fail(connection, "message too large");
  std::ranges::copy(unread, input_.begin());
  const std::int64_t size = receive(connection.socket_, std::span(input_).subspan(before));
  if (size == 0) return fail(connection, "closed by the peer");
  if (size < 0) {
    if (errno != EAGAIN) fail(connection, std::strerror(errno));
    return;
  }
  const auto bytes = std::span(input_).first(before + static_cast<std::size_t>(size));
  const std::size_t used = connection.on_bytes(bytes);
  unread.assign(bytes.begin() + static_cast<std::ptrdiff_t>(used), bytes.end());
}

std::int64_t Loop::receive(int socket, std::span<std::uint8_t> room) {
  iovec part{room.data(), room.size()};
  alignas(cmsghdr) std::array<char, 64> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t size = ::recvmsg(socket, &message, MSG_DONTWAIT);
  arrived_ns_ = now_ns();
  if (size <= 0) return size;
  if (arrived_ns_ - offset_taken_ns_ > 100 * ns_per_ms) {
    timespec wall{};
    clock_gettime(CLOCK_REALTIME, &wall);
    offset_taken_ns_ = now_ns();
    wall_offset_ns_ = static_cast<std::uint64_t>(wall.tv_sec) * ns_per_second +
                      static_cast<std::uint64_t>(wall.tv_nsec) - offset_taken_ns_;
  }
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SO_TIMESTAMPNS) return size;
  timespec stamp{};
  std::memcpy(&stamp, CMSG_DATA(header), sizeof stamp);
  const std::uint64_t at = static_cast<std::uint64_t>(stamp.tv_sec) * ns_per_second +
                           static_cast<std::uint64_t>(stamp.tv_nsec) - wall_offset_ns_;
  arrived_ns_ = std::min(arrived_ns_, at);
  return size;
}

void Loop::fail(Connection& connection, const std::string& why) {
  close(connection);
  connection.on_gone(why);
}

}  // namespace streamload

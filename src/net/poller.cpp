#include "net/poller.hpp"

#include <boost/asio/post.hpp>

#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace trunkline::net {
namespace {

constexpr std::size_t buffer_bytes = 64 * 1024;

int make_epoll() {
  const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return descriptor;
}

}  // namespace

Poller::Poller(asio::io_context& loop) : loop_(loop), epoll_(loop, make_epoll()), buffer_(buffer_bytes) {
  wait();
}

bool Poller::add(int socket, std::shared_ptr<Client> client) {
  const auto index = static_cast<std::size_t>(socket);
  if (index >= clients_.size()) clients_.resize(index + 1);
  clients_[index] = std::move(client);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.fd = socket;
  if (::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, socket, &event) == 0) return true;
  clients_[index] = nullptr;
  return false;
}

void Poller::remove(int socket) {
  ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, socket, nullptr);
  asio::post(loop_, [client = std::exchange(clients_[static_cast<std::size_t>(socket)], nullptr)] {});
}

void Poller::wait() {
  epoll_.async_wait(asio::posix::descriptor_base::wait_read, [this](boost::system::error_code error) {
    if (error) return;
    run();
    wait();
  });
}

// What does not fit into one round keeps the descriptor ready: the loop's other work gets its turn in between.
void Poller::run() {
  const int count = ::epoll_wait(epoll_.native_handle(), events_.data(), static_cast<int>(events_.size()), 0);
  const MonoTime now = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events_[static_cast<std::size_t>(i)];
    Client* client = clients_[static_cast<std::size_t>(event.data.fd)].get();
    if (client == nullptr) continue;  // removed by one before it
    client->on_ready({.readable = (event.events & EPOLLIN) != 0,
                      .writable = (event.events & EPOLLOUT) != 0,
                      .ended = (event.events & EPOLLRDHUP) != 0,
                      .broken = (event.events & (EPOLLHUP | EPOLLERR)) != 0},
                     now);
  }
}

}  // namespace trunkline::net

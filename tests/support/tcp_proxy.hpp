#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace trunkline::test {

/// Stands between a client and a server on loopback, hears what the client sends, and cuts where a test says.
class TcpProxy {
 public:
  enum class Verdict : std::uint8_t {
    pass,
    cut_before,  ///< neither these bytes nor anything later arrive: both sides are closed
    cut_after,   ///< the server gets the bytes and may act on them, the client hears nothing of it
    cut_answer,  ///< the server acts on them; both sides are closed when it answers
    cut_client,  ///< the bytes are dropped and the client's side is closed; the server's stays open, as on a dead line
  };
  /// Called on the proxy's thread with what a client sent.
  using Judge = std::function<Verdict(std::string_view bytes)>;

  explicit TcpProxy(std::uint16_t server_port) : server_port_(server_port), listener_(listen_on_loopback()) {
    thread_ = std::thread([this] { run(); });
  }
  ~TcpProxy() {
    stopping_ = true;
    thread_.join();
    for (const auto& pair : pairs_) pair.close_all();
    ::close(listener_);
  }
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  std::uint16_t port() const { return port_; }
  void judge(Judge judge) {
    const std::lock_guard lock(mutex_);
    judge_ = std::move(judge);
  }
  /// While it is off, new connections are closed at once, and those that are there are cut.
  void let_through(bool yes) { through_ = yes; }

 private:
  struct Pair {
    int client = -1;
    int server = -1;
    bool discard = false;  // what the server answers

    void close_client() {
      if (client >= 0) ::close(client);
      client = -1;
    }
    void close_all() const {
      if (client >= 0) ::close(client);
      if (server >= 0) ::close(server);
    }
  };

  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  int listen_on_loopback() {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = loopback(0);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (::bind(descriptor, raw, size) != 0 || ::listen(descriptor, 64) != 0) throw std::runtime_error("no proxy");
    ::getsockname(descriptor, raw, &size);
    port_ = ntohs(address.sin_port);
    return descriptor;
  }

  void run() {
    while (!stopping_) {
      std::vector<pollfd> waiting{{listener_, POLLIN, 0}};
      for (const auto& pair : pairs_) {
        waiting.push_back({pair.client, POLLIN, 0});
        waiting.push_back({pair.server, POLLIN, 0});
      }
      if (::poll(waiting.data(), waiting.size(), 20) < 0) continue;
      for (std::size_t i = 0; i < pairs_.size(); ++i) {
        const bool from_client = waiting[1 + 2 * i].revents != 0;
        const bool from_server = waiting[2 + 2 * i].revents != 0;
        const bool alive = through_ && (!from_client || carry_up(pairs_[i])) && (!from_server || carry_down(pairs_[i]));
        if (alive) continue;
        pairs_[i].close_all();
        pairs_[i] = {};
      }
      std::erase_if(pairs_, [](const Pair& pair) { return pair.client < 0 && pair.server < 0; });
      if (waiting[0].revents != 0) take_new();
    }
  }

  void take_new() {
    Pair pair{::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    auto address = loopback(server_port_);
    const bool reached = ::connect(pair.server, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    if (through_ && reached) {
      pairs_.push_back(pair);
    } else {
      pair.close_all();
    }
  }

  bool carry_up(Pair& pair) {
    std::array<char, 16384> buffer;
    const auto size = ::recv(pair.client, buffer.data(), buffer.size(), 0);
    if (size <= 0) return false;
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(size));
    Verdict verdict = Verdict::pass;
    {
      const std::lock_guard lock(mutex_);
      if (judge_) verdict = judge_(bytes);
    }
    if (verdict == Verdict::cut_before) return false;
    if (verdict != Verdict::cut_client && !send_all(pair.server, bytes)) return false;
    if (verdict == Verdict::cut_after || verdict == Verdict::cut_answer) pair.discard = true;
    if (verdict == Verdict::cut_after || verdict == Verdict::cut_client) pair.close_client();
    return true;
  }

  // One whose client was cut lives until the server has answered or gone.
  bool carry_down(Pair& pair) {
    std::array<char, 16384> buffer;
    const auto size = ::recv(pair.server, buffer.data(), buffer.size(), 0);
    if (size <= 0 || pair.discard) return false;
    return pair.client < 0 || send_all(pair.client, {buffer.data(), static_cast<std::size_t>(size)});
  }

  static bool send_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  std::uint16_t server_port_;
  std::uint16_t port_ = 0;
  int listener_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> through_ = true;
  std::mutex mutex_;
  Judge judge_;
  std::vector<Pair> pairs_;
  std::thread thread_;
};

/// Lets everything pass until `text` comes: then, once, `verdict`.
inline TcpProxy::Judge once(std::string text, TcpProxy::Verdict verdict) {
  return [text = std::move(text), verdict, met = false](std::string_view bytes) mutable {
    if (met || bytes.find(text) == std::string_view::npos) return TcpProxy::Verdict::pass;
    met = true;
    return verdict;
  };
}

}  // namespace trunkline::test

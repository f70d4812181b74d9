#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace trunkline::test {

/// An answer as it came over the wire.
struct RawResponse {
  int status = 0;  ///< 0: the connection ended before a whole head had come
  std::string head;
  std::string body;

  bool has(std::string_view line) const { return head.find(line) != std::string::npos; }
};

/// A blocking TCP client of 127.0.0.1 that says exactly what a test tells it, also what no decent client would.
/// Nothing waits longer than ten seconds; then it throws.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, const char* from = "127.0.0.1") : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    limit_waits();
    const sockaddr_in local = endpoint(from, 0);
    const sockaddr_in remote = endpoint("127.0.0.1", port);
    if (::bind(fd_, as_sockaddr(local), sizeof local) != 0 || ::connect(fd_, as_sockaddr(remote), sizeof remote) != 0) {
      close();
      throw std::runtime_error("cannot connect to the server under test");
    }
  }
  /// Takes over a connection that somebody else made.
  explicit RawClient(int fd) : fd_(fd) { limit_waits(); }
  RawClient(RawClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)), read_(std::move(other.read_)) {}
  ~RawClient() { close(); }

  /// False when the server hung up in the middle of it.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// `size` bytes, or fewer when the connection ends before.
  std::string read(std::size_t size) {
    while (read_.size() < size && receive()) {
    }
    return take(size);
  }

  /// Up to and with `mark`, or what came before the connection ended.
  std::string read_until(std::string_view mark) {
    std::size_t found = std::string::npos;
    while ((found = read_.find(mark)) == std::string::npos && receive()) {
    }
    return take(found == std::string::npos ? read_.size() : found + mark.size());
  }

  /// Everything until the server closes, cleanly or by a reset.
  std::string read_to_end() {
    while (receive()) {
    }
    return take(read_.size());
  }

  /// One answer with Content-Length; `bodiless` for what answers HEAD.
  RawResponse read_response(bool bodiless = false) {
    RawResponse response;
    response.head = read_until("\r\n\r\n");
    if (!response.head.ends_with("\r\n\r\n") || response.head.size() < 12) return response;
    response.status = number(std::string_view(response.head).substr(9, 3));
    const auto length = response.head.find("Content-Length: ");
    if (!bodiless && length != std::string::npos) {
      response.body = read(static_cast<std::size_t>(number(std::string_view(response.head).substr(length + 16))));
    }
    return response;
  }

  RawResponse request(std::string_view bytes) {
    send(bytes);
    return read_response();
  }

  void half_close() { ::shutdown(fd_, SHUT_WR); }
  /// Vanishes with a reset instead of an orderly end.
  void reset() {
    const linger hard{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  void limit_waits() {
    const timeval limit{10, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }
  static sockaddr_in endpoint(const char* address, std::uint16_t port) {
    sockaddr_in made{};
    made.sin_family = AF_INET;
    made.sin_port = htons(port);
    ::inet_pton(AF_INET, address, &made.sin_addr);
    return made;
  }
  static const sockaddr* as_sockaddr(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }
  static int number(std::string_view digits) {
    int value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  }

  bool receive() {
    char chunk[16 * 1024];
    const auto size = ::recv(fd_, chunk, sizeof chunk, 0);
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) throw std::runtime_error("the server did not answer");
    if (size <= 0) return false;
    read_.append(chunk, static_cast<std::size_t>(size));
    return true;
  }

  std::string take(std::size_t size) {
    std::string taken = read_.substr(0, size);
    read_.erase(0, taken.size());
    return taken;
  }

  int fd_;
  std::string read_;
};

}  // namespace trunkline::test

#pragma once

#include "support/raw_listener.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/net/http.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace trunkline::test {

/// Runs one coroutine to its end on the calling thread.
template <class T>
T run(boost::asio::awaitable<T> task) {
  boost::asio::io_context loop;
  auto answer = boost::asio::co_spawn(loop, std::move(task), boost::asio::use_future);
  loop.run();
  return answer.get();
}

struct Received {
  std::string method;
  std::string target;
  net::Headers headers;
  std::string body;

  std::string header(std::string_view name) const { return std::string(net::find_header(headers, name)); }
};

/// A whole answer. `more` are further header lines, each with its line end.
inline std::string answer_of(int status, const std::string& body = "", const std::string& more = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + more + "Content-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

/// A server on a free port of 127.0.0.1 that gives one request after the other to `script`, and sends what that says.
/// An empty text hangs up without an answer.
class FakeService {
 public:
  using Script = std::function<std::string(const Received& request, std::size_t number)>;

  explicit FakeService(Script script) : script_(std::move(script)), thread_([this] { serve(); }) {}
  /// Answers each request with the next text, the last one again and again.
  explicit FakeService(std::vector<std::string> answers)
      : FakeService([answers = std::move(answers)](const Received&, std::size_t number) {
          return answers.at(std::min(number, answers.size() - 1));
        }) {}
  ~FakeService() { stop(); }
  FakeService(const FakeService&) = delete;
  FakeService& operator=(const FakeService&) = delete;

  std::string host() const { return "127.0.0.1:" + std::to_string(listener_.port()); }
  std::string url() const { return "http://" + host(); }

  std::vector<Received> received() const {
    const std::lock_guard lock(mutex_);
    return received_;
  }

  /// From now on the port refuses connections.
  void stop() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    {
      const RawClient wake(listener_.port());
    }
    thread_.join();
    listener_.close();
  }

 private:
  void serve() {
    while (!stopping_) {
      try {
        auto connection = listener_.accept();
        if (!stopping_) answer(connection);
      } catch (
          const std::runtime_error&) {  // nobody came for ten seconds, or somebody said nothing: the test will tell
      }
    }
  }

  void answer(RawClient& connection) {
    const Received request = read(connection);
    std::size_t number = 0;
    {
      const std::lock_guard lock(mutex_);
      number = received_.size();
      received_.push_back(request);
    }
    connection.send(script_(request, number));
  }

  static Received read(RawClient& connection) {
    Received out;
    const std::string head = connection.read_until("\r\n\r\n");
    const auto lines = text::split(head, '\n');
    const auto words = text::split(lines.at(0), ' ');
    out.method = words.at(0);
    out.target = words.at(1);
    for (std::size_t i = 1; i < lines.size(); ++i) {
      const auto colon = lines[i].find(':');
      if (colon == std::string_view::npos) continue;
      out.headers.push_back(
          {std::string(lines[i].substr(0, colon)), std::string(text::trim(lines[i].substr(colon + 1)))});
    }
    const auto length = text::to_uint(out.header("Content-Length")).value_or(0);
    out.body = connection.read(length);
    return out;
  }

  RawListener listener_;
  Script script_;
  mutable std::mutex mutex_;
  std::vector<Received> received_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace trunkline::test

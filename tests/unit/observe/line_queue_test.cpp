#include "observe/line_queue.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <future>
#include <map>
#include <optional>
#include <sstream>
#include <thread>
#include <vector>

using namespace trunkline;
using namespace std::chrono_literals;
using log::LineQueue;
using log::LineQueueLimits;

namespace {

constexpr int pipe_bytes = 4096;
constexpr LineQueueLimits patient{.gather = 0ms, .flush = 60s};
constexpr LineQueueLimits small{.bytes = 1000, .gather = 0ms, .flush = 60s};

/// A pipe of one page; nobody reads it until a test says so.
struct Pipe {
  explicit Pipe(int flags = 0) {
    REQUIRE(pipe2(ends.data(), flags) == 0);
    REQUIRE(fcntl(ends[1], F_SETPIPE_SZ, pipe_bytes) == pipe_bytes);
    fcntl(ends[0], F_SETFL, 0);  // it is the writer's end that may not block
  }
  ~Pipe() {
    close_reader();
    close_writer();
  }
  void close_reader() { close(std::exchange(ends[0], -1)); }
  void close_writer() { close(std::exchange(ends[1], -1)); }

  std::string read_some() const {
    std::string text(pipe_bytes, '\0');
    const ssize_t got = read(ends[0], text.data(), text.size());
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return text;
  }
  /// Until the other end is closed.
  std::string read_all() const {
    std::string all;
    for (std::string text = read_some(); !text.empty(); text = read_some()) all += text;
    return all;
  }

  std::array<int, 2> ends{};
};

void note(std::string& out, std::uint64_t lines) {
  out += "dropped " + std::to_string(lines);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(std::move(line));
  return lines;
}

std::string numbered(int thread, int i) {
  return "line " + std::to_string(thread) + " " + std::to_string(i) + " " +
         std::string(static_cast<std::size_t>(i % 50), '.');
}

/// What a queue wrote, read to the end once the queue is gone.
std::string read_rest(Pipe& pipe, std::optional<LineQueue>& queue) {
  auto text = std::async(std::launch::async, [&pipe] { return pipe.read_all(); });
  queue.reset();
  pipe.close_writer();
  return text.get();
}

}  // namespace

TEST_CASE("lines come out whole and in order") {
  Pipe pipe;
  std::optional<LineQueue> queue(std::in_place, pipe.ends[1], note, patient);
  for (const char* line : {"first", "", "third"}) queue->push(line);
  CHECK(queue->flush());
  CHECK(pipe.read_some() == "first\n\nthird\n");
  queue->push("at the end");
  CHECK(read_rest(pipe, queue) == "at the end\n");
}

TEST_CASE("a line does not wait for others longer than the time to gather") {
  Pipe pipe;
  LineQueue queue(pipe.ends[1], note);
  queue.push("alone");
  CHECK(pipe.read_some() == "alone\n");
}

TEST_CASE("lines that come together are one write") {
  Pipe pipe(O_DIRECT);  // keeps the writes apart
  LineQueue queue(pipe.ends[1], note, {.gather = 60s, .flush = 60s});
  for (const char* line : {"a", "b", "c"}) queue.push(line);
  CHECK(queue.flush());
  CHECK(pipe.read_some() == "a\nb\nc\n");
}

TEST_CASE("a reader that stalls holds up nobody; where lines are missing stands how many") {
  Pipe pipe;
  std::optional<LineQueue> queue(std::in_place, pipe.ends[1], note, small);
  constexpr int stalled = 2000;
  for (int i = 0; i < stalled; ++i) queue->push(numbered(0, i));
  const std::uint64_t dropped = queue->dropped();
  CHECK(dropped >= stalled - (pipe_bytes + small.bytes) / std::string_view("line 0 0 \n").size());

  auto text = std::async(std::launch::async, [&pipe] { return pipe.read_all(); });
  CHECK(queue->flush());
  queue->push("again");
  CHECK(queue->flush());
  CHECK(queue->dropped() == dropped);
  queue.reset();
  pipe.close_writer();

  const auto lines = lines_of(text.get());
  int next = 0;
  int notes = 0;
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    if (lines[i].starts_with("dropped ")) {
      next += std::atoi(lines[i].c_str() + 8);
      ++notes;
    } else {
      REQUIRE(lines[i] == numbered(0, next));
      ++next;
    }
  }
  CHECK(next == stalled);
  CHECK(notes > 0);
  CHECK(lines.back() == "again");
}

TEST_CASE("a line that can never fit is dropped, and the note comes without another line") {
  Pipe pipe;
  LineQueue queue(pipe.ends[1], note, small);
  queue.push(std::string(small.bytes, 'x'));
  CHECK(queue.flush());
  CHECK(pipe.read_some() == "dropped 1\n");
  queue.push("fits");
  CHECK(queue.flush());
  CHECK(pipe.read_some() == "fits\n");
}

TEST_CASE("lines of many threads are never mixed, and keep each thread's order") {
  const int flags = GENERATE(0, O_NONBLOCK);
  Pipe pipe(flags);
  std::optional<LineQueue> queue(std::in_place, pipe.ends[1], note, patient);
  constexpr int each = 2000;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < each; ++i) queue->push(numbered(t, i));
    });
  }
  auto text = std::async(std::launch::async, [&pipe] { return pipe.read_all(); });
  for (auto& thread : threads) thread.join();
  queue.reset();
  pipe.close_writer();

  std::map<int, int> next;
  for (const std::string& line : lines_of(text.get())) {
    const int thread = std::atoi(line.c_str() + 5);
    REQUIRE(line == numbered(thread, next[thread]++));
  }
  CHECK(next == std::map<int, int>{{0, each}, {1, each}, {2, each}, {3, each}});
}

TEST_CASE("the end waits for a reader that stalls, but not for ever") {
  Pipe pipe;
  {
    LineQueue queue(pipe.ends[1], note, {.gather = 0ms, .flush = 10ms});
    for (int i = 0; i < 1000; ++i) queue.push(numbered(0, i));
    CHECK_FALSE(queue.flush());
  }
  // The thread that was left behind goes when the reader comes back.
  std::string text;
  while (text.find(numbered(0, 999) + "\n") == std::string::npos) text += pipe.read_some();
  CHECK(lines_of(text).size() == 1000);
}

TEST_CASE("a reader that is gone costs its lines and nothing else") {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  LineQueue queue(pipe.ends[1], note, patient);
  pipe.close_reader();
  queue.push("one");
  queue.push("two");
  CHECK(queue.flush());
  CHECK(queue.dropped() == 2);
  std::signal(SIGPIPE, before);
}

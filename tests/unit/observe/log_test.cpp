#include "observe/log_line.hpp"
#include "unit/observe/captured_log.hpp"

#include <trunkline/observe/log.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <array>
#include <cmath>
#include <limits>
#include <thread>

using namespace trunkline;
using test::CapturedLog;

namespace {

/// Standard error is a pipe while it lives.
struct StandardErrorPipe {
  StandardErrorPipe() : before(dup(STDERR_FILENO)) {
    REQUIRE(pipe(ends.data()) == 0);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
  }
  ~StandardErrorPipe() {
    dup2(before, STDERR_FILENO);
    close(before);
    close(ends[0]);
  }

  std::string read_line() const {
    std::string line;
    for (char c = 0; read(ends[0], &c, 1) == 1 && c != '\n';) line += c;
    return line;
  }

  int before;
  std::array<int, 2> ends{};
};

}  // namespace

TEST_CASE("a line is one JSON object: time, level, message, then the fields in order") {
  const CapturedLog captured;
  const std::string id = "call_1";
  log::info("call connected", {{"callId", id}, {"waitedMs", 120}, {"ratio", 0.5}, {"ok", true}, {"word", "x"}});
  CHECK(
      captured.last() ==
      R"({"time":"2026-09-21T14:13:20.123Z","level":"info","msg":"call connected","callId":"call_1","waitedMs":120,"ratio":0.5,"ok":true,"word":"x"})");
}

TEST_CASE("numbers keep their value") {
  const CapturedLog captured;
  log::warn("n", {{"a", std::numeric_limits<std::int64_t>::min()},
                  {"b", std::numeric_limits<std::uint64_t>::max()},
                  {"c", std::size_t{7}},
                  {"d", std::uint8_t{200}},
                  {"e", 1.0F},
                  {"f", std::nan("")},
                  {"g", -std::numeric_limits<double>::infinity()}});
  const auto line = nlohmann::json::parse(captured.last());
  CHECK(line["level"] == "warn");
  CHECK(line["a"] == std::numeric_limits<std::int64_t>::min());
  CHECK(line["b"] == std::numeric_limits<std::uint64_t>::max());
  CHECK(line["c"] == 7);
  CHECK(line["d"] == 200);
  CHECK(line["e"] == 1.0);
  CHECK(line["f"].is_null());
  CHECK(line["g"].is_null());
}

TEST_CASE("whatever a text holds, the line is one line of valid JSON that gives it back") {
  const CapturedLog captured;
  std::string every;
  for (int c = 0; c < 128; ++c) every += static_cast<char>(c);
  every += "\xC3\xBC\xE2\x82\xAC";
  log::error(every, {{"text", every}, {every, 1}});
  CHECK(captured.last().find('\n') == std::string::npos);
  const auto line = nlohmann::json::parse(captured.last());
  CHECK(line["msg"] == every);
  CHECK(line["text"] == every);
  CHECK(line[every] == 1);
  log::error("\xFF\xC3", {});
  CHECK(nlohmann::json::parse(captured.last())["msg"] == "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("telephone numbers are masked") {
  const CapturedLog captured;
  log::info("ringing", {{"from", log::masked("+14155550123")}});
  CHECK(nlohmann::json::parse(captured.last())["from"] == "+1415*****23");
}

TEST_CASE("what is written follows the level, which can be changed while running") {
  const CapturedLog captured(log::Format::json, log::Level::warn);
  log::debug("1");
  log::info("2");
  log::warn("3");
  log::error("4");
  CHECK(captured.lines().size() == 2);
  CHECK(log::level() == log::Level::warn);
  log::set_level(log::Level::debug);
  CHECK(log::level() == log::Level::debug);
  log::debug("5");
  CHECK(captured.lines().size() == 3);
  log::set_level(log::Level::error);
  log::warn("6");
  CHECK(captured.lines().size() == 3);
}

TEST_CASE("levels and formats have the names of the configuration") {
  for (const auto level : {log::Level::debug, log::Level::info, log::Level::warn, log::Level::error}) {
    CHECK(log::parse_level(to_string(level)) == level);
  }
  CHECK_FALSE(log::parse_level("trace").has_value());
  CHECK(log::parse_format("auto") == log::Format::automatic);
  CHECK(log::parse_format("json") == log::Format::json);
  CHECK(log::parse_format("pretty") == log::Format::pretty);
  CHECK_FALSE(log::parse_format("xml").has_value());
}

TEST_CASE("the pretty form is for reading, and quotes what would be unclear") {
  const CapturedLog captured(log::Format::pretty);
  log::info("call connected", {{"callId", "call_1"}, {"route", "night shift"}, {"none", ""}, {"waitedMs", 120}});
  CHECK(captured.last() == R"(14:13:20.123 INFO  call connected callId=call_1 route="night shift" waitedMs=120)");
  log::warn("two\nlines\x1b[31m", {{"t", "a=b"}, {"to", log::masked("+14155550123")}});
  CHECK(captured.last() == R"(14:13:20.123 WARN  two\nlines\u001b[31m t="a=b" to=+1415*****23)");
}

TEST_CASE("colours are for terminals only") {
  std::string line;
  append_line(line, log::Layout::coloured, {from_millis(0), log::Level::error, "failed", {}});
  CHECK(line == "00:00:00.000 \x1b[31mERROR\x1b[0m failed");
}

TEST_CASE("standard error gets what was logged, and what it does not take is counted") {
  const StandardErrorPipe pipe;
  log::set_up({});
  log::info("one", {{"n", 1}});
  log::flush();
  const auto line = nlohmann::json::parse(pipe.read_line());
  CHECK(line["msg"] == "one");
  CHECK(line["n"] == 1);
  CHECK(log::dropped_lines() == 0);

  log::error(std::string(9 * 1024 * 1024, 'x'));
  log::flush();
  const auto note = nlohmann::json::parse(pipe.read_line());
  CHECK(note["level"] == "warn");
  CHECK(note["msg"] == "log lines dropped");
  CHECK(note["lines"] == 1);
  CHECK(log::dropped_lines() == 1);
  log::set_up({});
}

TEST_CASE("threads do not mix their lines") {
  const CapturedLog captured;
  constexpr int each = 200;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < each; ++i) log::info("line", {{"thread", t}, {"i", i}});
    });
  }
  for (auto& thread : threads) thread.join();
  const auto lines = captured.lines();
  REQUIRE(lines.size() == 4 * each);
  for (const std::string& line : lines) CHECK(nlohmann::json::accept(line));
}

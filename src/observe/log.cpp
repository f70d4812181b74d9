#include "observe/line_queue.hpp"
#include "observe/log_line.hpp"

#include <trunkline/observe/log.hpp>

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include <unistd.h>

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace trunkline::log {
namespace {

using Write = std::function<void(std::string_view)>;

constexpr std::array level_names = {std::string_view{"debug"}, std::string_view{"info"}, std::string_view{"warn"},
                                    std::string_view{"error"}};

spdlog::level::level_enum to_spdlog(Level level) {
  return static_cast<spdlog::level::level_enum>(static_cast<int>(level) + SPDLOG_LEVEL_DEBUG);
}

/// Lines come finished, so there is nothing to format; the base class gives the lock.
class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit LineSink(Write write) : write_(std::move(write)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    write_({message.payload.data(), message.payload.size()});
  }
  void flush_() override {}

  Write write_;
};

/// By value what it needs: the queue's thread may outlive the log.
LineQueue::Note note_of_dropped(Layout layout, const Clock& clock) {
  return [layout, &clock](std::string& out, std::uint64_t lines) {
    append_line(out, layout, {clock.wall(), Level::warn, "log lines dropped", {{"lines", lines}}});
  };
}

struct Log {
  explicit Log(Options options)
      : clock(options.clock != nullptr ? *options.clock : system_clock()),
        layout(layout_of(options)),
        lines("trunkline", std::make_shared<LineSink>(options.write ? std::move(options.write) : to_standard_error())) {
    lines.set_level(to_spdlog(options.level));
  }

  Write to_standard_error() {
    standard_error.emplace(STDERR_FILENO, note_of_dropped(layout, clock));
    return [this](std::string_view line) { standard_error->push(line); };
  }

  static Layout layout_of(const Options& options) {
    const bool terminal = !options.write && isatty(STDERR_FILENO) == 1;
    if (options.format == Format::json || (options.format == Format::automatic && !terminal)) return Layout::json;
    return terminal ? Layout::coloured : Layout::plain;
  }

  const Clock& clock;
  Layout layout;
  std::optional<LineQueue> standard_error;  // unless another writer was given
  spdlog::logger lines;
};

std::unique_ptr<Log>& current() {
  static auto log = std::make_unique<Log>(Options{.level = Level::info, .format = Format::json, .write = {}});
  return log;
}

void write(Level level, std::string_view message, Fields fields) {
  Log& log = *current();
  if (!log.lines.should_log(to_spdlog(level))) return;
  thread_local std::string line;
  line.clear();
  append_line(line, log.layout, {log.clock.wall(), level, message, fields});
  log.lines.log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

std::string_view to_string(Level level) {
  return level_names[static_cast<std::size_t>(level)];
}

std::optional<Level> parse_level(std::string_view text) {
  for (std::size_t i = 0; i < level_names.size(); ++i) {
    if (level_names[i] == text) return static_cast<Level>(i);
  }
  return std::nullopt;
}

std::optional<Format> parse_format(std::string_view text) {
  if (text == "auto") return Format::automatic;
  if (text == "json") return Format::json;
  if (text == "pretty") return Format::pretty;
  return std::nullopt;
}

void debug(std::string_view message, Fields fields) {
  write(Level::debug, message, fields);
}
void info(std::string_view message, Fields fields) {
  write(Level::info, message, fields);
}
void warn(std::string_view message, Fields fields) {
  write(Level::warn, message, fields);
}
void error(std::string_view message, Fields fields) {
  write(Level::error, message, fields);
}

void set_level(Level level) {
  current()->lines.set_level(to_spdlog(level));
}

Level level() {
  return static_cast<Level>(static_cast<int>(current()->lines.level()) - SPDLOG_LEVEL_DEBUG);
}

void flush() {
  if (auto& queue = current()->standard_error) queue->flush();
}

std::uint64_t dropped_lines() {
  const auto& queue = current()->standard_error;
  return queue ? queue->dropped() : 0;
}

void set_up(Options options) {
  current() = std::make_unique<Log>(std::move(options));
}

}  // namespace trunkline::log

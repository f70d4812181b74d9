#pragma once

#include <trunkline/base/clock.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// The process's log: one line an event, with structured fields.
///
///     log::info("call connected", {{"callId", id}, {"from", log::masked(call.from)}, {"waitedMs", 120}});
///
/// Safe from any thread. A line below the level costs one atomic read; a line that is written allocates nothing once
/// its thread is warm. Before set_up() everything from `info` on goes to standard error as JSON.
///
/// Standard error is written by a thread of its own: whoever reads it may stall without stalling those who log. Up to
/// 8 MiB of lines wait for it; those that find no room are dropped, and a line of level `warn` says how many where they
/// are missing. What waits is written when the process ends in order, for up to a second.
namespace trunkline::log {

enum class Level : std::uint8_t { debug, info, warn, error };
std::string_view to_string(Level level);
std::optional<Level> parse_level(std::string_view text);

/// A telephone number, shown as `+1415*****23`. The view must live until the log call returns.
struct Masked {
  std::string_view number;
};
inline Masked masked(std::string_view number) {
  return {number};
}

/// A name and a value. Only for use inside a log call: text is held by view. What is empty text is left out of the
/// line.
struct Field {
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool, Masked>;

  std::string_view key;
  Value value;

  Field(std::string_view name, std::string_view text) : key(name), value(text) {}
  Field(std::string_view name, const char* text) : key(name), value(std::string_view(text)) {}
  Field(std::string_view name, Masked number) : key(name), value(number) {}
  Field(std::string_view name, bool yes) : key(name), value(yes) {}
  template <std::signed_integral T>
  Field(std::string_view name, T number) : key(name), value(static_cast<std::int64_t>(number)) {}
  template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
  Field(std::string_view name, T number) : key(name), value(static_cast<std::uint64_t>(number)) {}
  template <std::floating_point T>
  Field(std::string_view name, T number) : key(name), value(static_cast<double>(number)) {}
};
using Fields = std::initializer_list<Field>;

void debug(std::string_view message, Fields fields = {});
void info(std::string_view message, Fields fields = {});
void warn(std::string_view message, Fields fields = {});
void error(std::string_view message, Fields fields = {});

/// Changes what is written from now on, for all threads.
void set_level(Level level);
Level level();

enum class Format : std::uint8_t {
  automatic,  ///< pretty when standard error is a terminal, else JSON
  json,       ///< one JSON object a line: time, level, msg, then the fields
  pretty,     ///< for people; coloured on a terminal
};

/// `auto`, `json`, `pretty`.
std::optional<Format> parse_format(std::string_view text);

struct Options {
  Level level = Level::info;
  Format format = Format::automatic;
  /// Takes each finished line, without newline, one at a time, on the thread that logs. Empty: standard error.
  std::function<void(std::string_view line)> write;
  const Clock* clock = nullptr;  ///< null: the machine's
};

/// Waits up to a second for standard error to have taken what was logged: before others write there, and before an end
/// that is not in order.
void flush();

/// Lines that standard error did not take.
std::uint64_t dropped_lines();

/// Replaces the log. Call it at start, before other threads log.
void set_up(Options options);

}  // namespace trunkline::log

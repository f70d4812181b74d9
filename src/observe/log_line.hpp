#pragma once

#include <trunkline/observe/log.hpp>

#include <string>
#include <string_view>

namespace trunkline::log {

enum class Layout { json, plain, coloured };

struct Entry {
  WallTime time;
  Level level;
  std::string_view message;
  Fields fields;
};

/// Appends one line, without newline. Whatever the texts hold, it stays one line and cannot drive a terminal.
void append_line(std::string& out, Layout layout, const Entry& entry);

}  // namespace trunkline::log

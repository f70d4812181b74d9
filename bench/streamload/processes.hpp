#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace streamload {

/// What a server's processes (one and its children) and the machine had used at one moment, from /proc.
struct Usage {
  std::uint64_t at_ns = 0;
  double server_seconds = 0;
  double own_seconds = 0;
  std::uint64_t rss_kb = 0;
  std::uint64_t context_switches = 0;
  bool alive = false;
  std::map<int, double> others;  ///< seconds by process
};

/// `server` 0: only the rest of the machine.
Usage measure_usage(int server);

/// Processor seconds that neither the server nor this process used in between.
double foreign_seconds(const Usage& before, const Usage& after);

}  // namespace streamload

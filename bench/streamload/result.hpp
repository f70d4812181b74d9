#pragma once

#include "histogram.hpp"
#include "options.hpp"
#include "processes.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace streamload {

/// What one session of calls brought to light.
struct Result {
  unsigned streams = 0;
  unsigned ready = 0;   ///< calls that were set up
  unsigned failed = 0;  ///< calls that were not
  unsigned ended_early = 0;
  unsigned sinks_left = 0;  ///< forwarded streams still open after the calls
  std::map<std::string, unsigned> reasons;
  double setup_seconds = 0;

  std::uint64_t sent = 0;  ///< frames, in the measured window
  std::uint64_t arrived = 0;
  std::uint64_t out_of_order = 0;  ///< repeated ones too
  std::uint64_t late_sends = 0;    ///< our own
  Histogram relay;                 ///< from before send() to the kernel's arrival at the sink
  Histogram lateness;              ///< of our sends

  Usage idle, before, after, end;  ///< before the calls, around the window, after the calls

  std::uint64_t lost() const { return sent > arrived ? sent - arrived : 0; }
  bool server_failed(const Options& options) const;
  bool generator_failed() const;
  std::string verdict(const Options& options) const;
};

std::string to_json(const Result& result, const Options& options);
std::string to_line(const Result& result, const Options& options);

}  // namespace streamload

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace trunkline::net {

/// The part of a representation that a request asks for.
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

enum class RangeVerdict : std::uint8_t {
  whole,  ///< no Range header, or one that RFC 9110 section 14.2 says to ignore
  part,
  unsatisfiable,  ///< answer 416
};

struct RangeReading {
  RangeVerdict verdict = RangeVerdict::whole;
  ByteRange range;  ///< for `part`
};

/// Reads a Range header for a representation of `size` bytes. One range is served; several are answered whole, as the
/// specification allows.
RangeReading read_range(std::string_view header, std::uint64_t size);

}  // namespace trunkline::net

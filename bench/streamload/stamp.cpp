#include "stamp.hpp"

#include <algorithm>
#include <optional>

namespace streamload {
namespace {

constexpr std::array<std::uint8_t, 8> magic = {15, 0, 14, 1, 15, 3, 0, 12};
constexpr unsigned run_nibbles = 4;
constexpr unsigned stream_nibbles = 6;
constexpr unsigned sequence_nibbles = 8;
constexpr unsigned time_nibbles = 16;
constexpr std::size_t sum_at = stamp_bytes - 2;
static_assert(magic.size() + run_nibbles + stream_nibbles + sequence_nibbles + time_nibbles == sum_at);

constexpr std::uint8_t no_nibble = 0xFF;

// Every eighth mu-law code, from the loudest negative sample to the loudest positive.
constexpr std::uint8_t level_of(std::uint8_t nibble) {
  return static_cast<std::uint8_t>(nibble < 8 ? nibble * 16 : 0xFF - (nibble - 8) * 16);
}

constexpr auto nibbles = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(no_nibble);
  for (std::uint8_t nibble = 0; nibble < 16; ++nibble) table[level_of(nibble)] = nibble;
  return table;
}();

constexpr std::uint8_t check_sum(std::span<const std::uint8_t> symbols) {
  std::uint8_t sum = 0;
  for (const std::uint8_t symbol : symbols) sum = static_cast<std::uint8_t>(sum * 7 + symbol + 1);
  return sum;
}

std::optional<Stamp> stamp_at(std::span<const std::uint8_t, stamp_bytes> bytes) {
  std::array<std::uint8_t, stamp_bytes> symbols{};
  for (std::size_t i = 0; i < stamp_bytes; ++i) {
    symbols[i] = nibbles[bytes[i]];
    if (symbols[i] == no_nibble || (i < magic.size() && symbols[i] != magic[i])) return std::nullopt;
  }
  const auto body = std::span(symbols).subspan(magic.size(), sum_at - magic.size());
  if ((symbols[sum_at] << 4 | symbols[sum_at + 1]) != check_sum(body)) return std::nullopt;
  std::size_t at = 0;
  const auto number = [&](unsigned count) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < count; ++i) value = value << 4 | body[at++];
    return value;
  };
  Stamp stamp;
  stamp.run = static_cast<std::uint32_t>(number(run_nibbles));
  stamp.stream = static_cast<std::uint32_t>(number(stream_nibbles));
  stamp.sequence = static_cast<std::uint32_t>(number(sequence_nibbles));
  stamp.sent_ns = number(time_nibbles);
  return stamp;
}

}  // namespace

void put_stamp(const Stamp& stamp, std::span<std::uint8_t, stamp_bytes> out) {
  std::array<std::uint8_t, stamp_bytes> symbols{};
  std::size_t at = std::ranges::copy(magic, symbols.begin()).out - symbols.begin();
  const auto put = [&](std::uint64_t value, unsigned count) {
    while (count > 0) symbols[at++] = static_cast<std::uint8_t>(value >> (4 * --count) & 15);
  };
  put(stamp.run, run_nibbles);
  put(stamp.stream, stream_nibbles);
  put(stamp.sequence, sequence_nibbles);
  put(stamp.sent_ns, time_nibbles);
  put(check_sum(std::span(symbols).subspan(magic.size(), sum_at - magic.size())), 2);
  std::ranges::transform(symbols, out.begin(), level_of);
}

unsigned StampReader::read(std::span<const std::uint8_t> message, const OnStamp& on_stamp) {
  std::vector<std::uint8_t> joined;
  if (!unfinished_.empty()) {
    joined.swap(unfinished_);
    joined.insert(joined.end(), message.begin(), message.end());
    message = joined;
  }
  unsigned found = 0;
  std::size_t at = std::min(frame_rest_, message.size());
  frame_rest_ -= at;
  while (message.size() - at >= stamp_bytes) {
    const auto stamp = stamp_at(message.subspan(at).first<stamp_bytes>());
    if (!stamp) {
      ++at;
      continue;
    }
    on_stamp(*stamp);
    ++found;
    const std::size_t taken = std::min(frame_bytes_, message.size() - at);
    frame_rest_ = frame_bytes_ - taken;
    at += taken;
  }
  unfinished_.assign(message.begin() + static_cast<std::ptrdiff_t>(at), message.end());
  return found;
}

}  // namespace streamload

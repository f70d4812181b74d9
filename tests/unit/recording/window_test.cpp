#include "recording/window.hpp"

#include <trunkline/media/pcm.hpp>

#include <catch2/catch.hpp>

namespace trunkline::recording {
namespace {

constexpr std::int64_t block = 4000;

// PCM at 8 kHz: samples `from`, `from + 1`, ... as their own values.
std::vector<std::uint8_t> counting(std::int64_t from, std::int64_t count) {
  std::vector<std::uint8_t> bytes;
  for (auto value = from; value < from + count; ++value) {
    bytes.push_back(static_cast<std::uint8_t>(value));
    bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  }
  return bytes;
}

std::int16_t sample(const std::vector<std::uint8_t>& bytes, std::int64_t at) {
  return media::load_pcm16(&bytes[static_cast<std::size_t>(at * 2)]);
}

}  // namespace

TEST_CASE("Each channel keeps its places, also around the end of the ring") {
  Window window({media::Encoding::pcm16, 8000});
  for (int round = 0; round < 5; ++round) {
    const std::int64_t start = window.start();
    REQUIRE(start == round * block);
    window.place(0, start + 100, counting(start + 100, 6000));
    window.place(1, start + block - 10, counting(7, 20));
    CHECK_FALSE(window.blank());

    const auto taken = window.take_block();
    REQUIRE(taken.size() == 2 * 2 * block);
    for (std::int64_t i = 0; i < block; ++i) {
      const std::int64_t before = round > 0 && i < 2100 ? start + i : 0;  // the rest of the round before
      REQUIRE(sample(taken, i) == static_cast<std::int16_t>(i >= 100 ? start + i : before));
      const std::int64_t right = i >= block - 10 ? 7 + i - (block - 10) : round > 0 && i < 10 ? 17 + i : 0;
      REQUIRE(sample(taken, block + i) == right);
    }
  }
}

TEST_CASE("The rest of a window ends with its last audio") {
  Window window({});
  CHECK(window.blank());
  CHECK(window.take_rest().empty());
  window.place(1, 30, std::vector<std::uint8_t>(3, 0x80));
  const auto rest = window.take_rest();
  REQUIRE(rest.size() == 66);
  std::vector<std::uint8_t> expected(66, media::mulaw_silence);
  std::fill_n(expected.end() - 3, 3, std::uint8_t{0x80});
  CHECK(rest == expected);
  CHECK(window.blank());
}

TEST_CASE("A blank window follows a jump of any length and never goes back") {
  Window window({});
  const std::int64_t far = std::int64_t{1} << 40;
  window.skip_to(far);
  CHECK(window.start() < far);
  CHECK(window.end() > far);
  const auto start = window.start();
  window.skip_to(5);
  CHECK(window.start() == start);
  window.place(0, start, std::vector<std::uint8_t>(6400, 0x80));
  std::vector<std::uint8_t> expected(2 * block, media::mulaw_silence);
  std::fill_n(expected.begin(), block, std::uint8_t{0x80});
  CHECK(window.take_block() == expected);
}

}  // namespace trunkline::recording

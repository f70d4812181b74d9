#include <catch2/catch.hpp>

#include <adapters/deepgram/audio_backlog.hpp>

using trunkline::adapters::AudioBacklog;
using Bytes = std::vector<std::uint8_t>;

namespace {

Bytes taken(AudioBacklog& backlog, std::size_t max, std::int64_t& position) {
  const auto piece = backlog.front(max);
  Bytes bytes(piece.audio.begin(), piece.audio.end());
  position = piece.position;
  backlog.pop(bytes.size());
  return bytes;
}

}  // namespace

TEST_CASE("what was kept comes out in order with its positions") {
  AudioBacklog backlog(100, 1);
  std::int64_t position = 0;
  CHECK(backlog.push(1'000, Bytes{1, 2, 3}) == 0);
  CHECK(backlog.push(1'003, Bytes{4}) == 0);
  CHECK(backlog.push(2'000, Bytes{5}) == 0);
  CHECK(taken(backlog, 2, position) == Bytes{1, 2});
  CHECK(position == 1'000);
  CHECK(taken(backlog, 100, position) == Bytes{3, 4});  // up to the gap
  CHECK(position == 1'002);
  CHECK(taken(backlog, 100, position) == Bytes{5});
  CHECK(position == 2'000);
  CHECK(backlog.empty());
  CHECK(backlog.front(100).audio.empty());
}

TEST_CASE("the oldest goes when there is no more room, also across the end of the ring") {
  AudioBacklog backlog(4, 1);
  std::int64_t position = 0;
  CHECK(backlog.push(0, Bytes{0, 1, 2}) == 0);
  CHECK(backlog.push(3, Bytes{3, 4}) == 1);
  CHECK(backlog.size() == 4);
  CHECK(taken(backlog, 4, position) == Bytes{1, 2, 3});
  CHECK(position == 1);
  CHECK(taken(backlog, 4, position) == Bytes{4});
  CHECK(position == 4);
}

TEST_CASE("more than all at once keeps the end of it") {
  AudioBacklog backlog(2, 1);
  std::int64_t position = 0;
  CHECK(backlog.push(0, Bytes{9}) == 0);
  CHECK(backlog.push(10, Bytes{1, 2, 3, 4}) == 3);
  CHECK(taken(backlog, 10, position) == Bytes{3, 4});
  CHECK(position == 12);
}

TEST_CASE("two-byte samples are never split") {
  AudioBacklog backlog(8, 2);
  std::int64_t position = 0;
  backlog.push(0, Bytes{1, 2, 3, 4});
  CHECK(taken(backlog, 3, position) == Bytes{1, 2});
  CHECK(taken(backlog, 1, position).empty());
  CHECK(taken(backlog, 2, position) == Bytes{3, 4});
  CHECK(position == 1);
}

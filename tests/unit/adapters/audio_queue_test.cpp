#include <catch2/catch.hpp>

#include <adapters/pocketsphinx/audio_queue.hpp>
#include <numeric>

using namespace trunkline;
using adapters::AudioQueue;

namespace {

media::Frame frame(std::int64_t position, std::span<const std::uint8_t> data, std::uint32_t samples) {
  media::Frame made;
  made.position = position;
  made.samples = samples;
  made.data = data;
  if (data.empty()) made.kind = media::FrameKind::silence;
  return made;
}

}  // namespace

TEST_CASE("a long frame comes out in chunks of 20 ms, whole and in order") {
  std::vector<std::uint8_t> sent(400);
  std::iota(sent.begin(), sent.end(), std::uint8_t{0});
  AudioQueue queue({});
  CHECK(queue.push(frame(80, sent, 400)) == 0);
  CHECK(queue.queued_samples() == 400);

  AudioQueue::Chunk chunk;
  std::vector<std::uint8_t> buffer;
  std::vector<std::uint8_t> received;
  std::vector<std::int64_t> positions;
  while (queue.pop(chunk, buffer)) {
    CHECK(chunk.samples == chunk.data.size());
    positions.push_back(chunk.position);
    received.insert(received.end(), chunk.data.begin(), chunk.data.end());
  }
  CHECK(received == sent);
  CHECK(positions == std::vector<std::int64_t>{80, 240, 400});
}

TEST_CASE("16-bit samples are cut between samples") {
  AudioQueue queue({media::Encoding::pcm16, 8000});
  const std::vector<std::uint8_t> sent(2 * 200, 7);
  queue.push(frame(0, sent, 200));
  AudioQueue::Chunk chunk;
  std::vector<std::uint8_t> buffer;
  REQUIRE(queue.pop(chunk, buffer));
  CHECK(chunk.data.size() == 320);
  REQUIRE(queue.pop(chunk, buffer));
  CHECK(chunk.samples == 40);
  CHECK(chunk.data.size() == 80);
}

TEST_CASE("ten seconds of a higher rate are kept as well, in chunks of 20 ms") {
  for (const std::uint32_t rate : {16'000U, 24'000U}) {
    const media::Format format{media::Encoding::pcm16, rate};
    const auto samples = static_cast<std::uint32_t>(format.samples(20));
    AudioQueue queue(format);
    const std::vector<std::uint8_t> data(2 * samples, 1);
    std::uint32_t lost = 0;
    for (int i = 0; i < 501; ++i) lost += queue.push(frame(std::int64_t{samples} * i, data, samples));
    CHECK(lost == samples);
    CHECK(queue.queued_samples() == 10 * rate);
    AudioQueue::Chunk chunk;
    std::vector<std::uint8_t> buffer;
    REQUIRE(queue.pop(chunk, buffer));
    CHECK(chunk.position == samples);
    CHECK(chunk.samples == samples);
    CHECK(chunk.data.size() == data.size());
  }
}

TEST_CASE("silence of any length is one chunk without data") {
  AudioQueue queue({});
  queue.push(frame(160, {}, 240'000));
  CHECK(queue.queued_samples() == 0);
  AudioQueue::Chunk chunk;
  std::vector<std::uint8_t> buffer;
  REQUIRE(queue.pop(chunk, buffer));
  CHECK(chunk.silence);
  CHECK(chunk.samples == 240'000);
  CHECK(chunk.position == 160);
  CHECK(chunk.data.empty());
}

TEST_CASE("after ten seconds the oldest audio is lost, and counted") {
  AudioQueue queue({});
  std::uint32_t lost = 0;
  for (int i = 0; i < 510; ++i) {
    const std::vector<std::uint8_t> data(160, static_cast<std::uint8_t>(i));
    lost += queue.push(frame(160 * i, data, 160));
  }
  CHECK(lost == 10 * 160);
  CHECK(queue.queued_samples() == 500 * 160);
  AudioQueue::Chunk chunk;
  std::vector<std::uint8_t> buffer;
  REQUIRE(queue.pop(chunk, buffer));
  CHECK(chunk.position == 1'600);
  CHECK(chunk.data[0] == 10);
}

#include <trunkline/media/g711.hpp>
#include <trunkline/media/listener_sink.hpp>
#include <trunkline/media/pcm.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <thread>

namespace trunkline::media {
namespace {

struct Fixture {
  int notified = 0;
  ListenerSink sink;
  MessageBatch batch;
  std::int64_t position = 0;

  explicit Fixture(ListenerLimits limits = {}) : sink({}, [this] { ++notified; }, limits) {}

  void frame(std::uint8_t value = 0x80, FrameKind kind = FrameKind::audio) {
    const std::vector<std::uint8_t> data(kind == FrameKind::silence ? 0 : 160, value);
    sink.on_frame({Track::outbound, kind, position, 160, data, {}});
    position += 160;
  }
};

std::uint64_t number(std::span<const std::uint8_t> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
  return value;
}
std::uint64_t position_of(std::span<const std::uint8_t> message) {
  return number(message.subspan(8, 8));
}

}  // namespace

TEST_CASE("A message is a header and PCM16") {
  Fixture f;
  f.position = 0x1'0000'0002;
  f.frame(linear_to_mulaw(-1000));
  f.sink.on_batch_end();
  CHECK(f.sink.drain(f.batch));
  REQUIRE(f.batch.size() == 1);
  const auto message = f.batch[0];
  REQUIRE(message.size() == 16 + 320);
  CHECK(message[0] == 'T');
  CHECK(message[1] == 'L');
  CHECK(message[2] == 1);
  CHECK(message[3] == 1);
  CHECK(number(message.subspan(4, 4)) == 8000);
  CHECK(position_of(message) == 0x1'0000'0002);
  CHECK(load_pcm16(&message[16]) == mulaw_table[linear_to_mulaw(-1000)]);
  CHECK(load_pcm16(&message[334]) == mulaw_table[linear_to_mulaw(-1000)]);
}

TEST_CASE("The header says the rate, the samples are the carrier's, and two seconds of both tracks wait at any rate") {
  for (const std::uint32_t rate : {16'000U, 24'000U}) {
    INFO(rate);
    const Format format{Encoding::pcm16, rate};
    const auto samples = static_cast<std::uint32_t>(format.samples(20));
    ListenerSink sink(format, [] {});
    std::vector<std::uint8_t> data(2 * samples);
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i * 7);
    for (std::int64_t i = 0; i < 100; ++i) {
      for (const auto track : {Track::inbound, Track::outbound}) {
        sink.on_frame({track, FrameKind::audio, i * samples, samples, data, {}});
      }
      sink.on_batch_end();
    }
    CHECK(sink.dropped() == 0);
    MessageBatch batch;
    CHECK(sink.drain(batch));
    REQUIRE(batch.size() == 200);
    const auto message = batch[199];
    REQUIRE(message.size() == 16 + data.size());
    CHECK(number(message.subspan(4, 4)) == rate);
    CHECK(position_of(message) == 99 * samples);
    CHECK(std::ranges::equal(message.subspan(16), data));
  }
}

TEST_CASE("The listener is woken once until it has fetched what waits") {
  Fixture f;
  f.frame();
  CHECK(f.notified == 0);
  f.sink.on_batch_end();
  f.frame();
  f.sink.on_batch_end();
  f.sink.on_batch_end();
  CHECK(f.notified == 1);
  f.sink.drain(f.batch);
  CHECK(f.batch.size() == 2);
  f.sink.on_batch_end();
  CHECK(f.notified == 1);
  f.frame();
  f.sink.on_batch_end();
  CHECK(f.notified == 2);
}

TEST_CASE("What is not fetched in time is dropped, oldest first, and counted") {
  Fixture f({.messages = 5});
  for (int i = 0; i < 12; ++i) {
    f.frame();
    f.sink.on_batch_end();
  }
  CHECK(f.sink.dropped() == 7);
  CHECK(f.sink.queued_bytes() == 5 * 336);
  f.sink.drain(f.batch);
  REQUIRE(f.batch.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) CHECK(position_of(f.batch[i]) == (7 + i) * 160);
}

TEST_CASE("A flood within one batch is bounded too, in messages and in bytes") {
  Fixture f({.messages = 1000, .bytes = 1000});
  for (int i = 0; i < 500; ++i) f.frame();
  f.sink.on_batch_end();
  CHECK(f.sink.dropped() == 498);
  CHECK(f.sink.queued_bytes() <= 1000);
  f.sink.drain(f.batch);
  REQUIRE(f.batch.size() == 2);
  CHECK(position_of(f.batch[1]) == 499 * 160);
}

TEST_CASE("Silence and late frames are not sent: positions tell") {
  Fixture f;
  f.frame(0x80, FrameKind::silence);
  f.frame(0x80, FrameKind::late);
  f.frame();
  f.sink.on_batch_end();
  f.sink.drain(f.batch);
  REQUIRE(f.batch.size() == 1);
  CHECK(position_of(f.batch[0]) == 320);
}

TEST_CASE("The end wakes the listener, and comes with the last messages") {
  Fixture f;
  f.frame();
  f.sink.on_end(EndCause::stop);
  CHECK(f.notified == 1);
  CHECK_FALSE(f.sink.drain(f.batch));
  CHECK(f.batch.size() == 1);
}

TEST_CASE("A listener that has gone is not woken and costs no memory") {
  Fixture f;
  f.frame();
  f.sink.close();
  f.frame();
  f.sink.on_batch_end();
  f.sink.on_end(EndCause::stop);
  CHECK(f.notified == 0);
  CHECK(f.sink.queued_bytes() == 0);
}

TEST_CASE("Stream and listener may be on two threads") {
  std::atomic<int> wakes = 0;
  ListenerSink sink({}, [&] {
    ++wakes;
    wakes.notify_one();
  });
  std::thread stream([&] {
    const std::vector<std::uint8_t> data(160, 0x80);
    for (std::int64_t i = 0; i < 2000; ++i) {
      sink.on_frame({Track::inbound, FrameKind::audio, i * 160, 160, data, {}});
      if (i % 3 == 0) sink.on_batch_end();
    }
    sink.on_end(EndCause::stop);
  });

  MessageBatch batch;
  std::uint64_t received = 0;
  std::int64_t last = -1;
  bool in_order = true;
  int seen = 0;
  for (bool more = true; more;) {
    wakes.wait(seen);
    seen = wakes;
    more = sink.drain(batch);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const auto position = static_cast<std::int64_t>(position_of(batch[i]));
      in_order = in_order && position > last;
      last = position;
      ++received;
    }
  }
  stream.join();
  CHECK(in_order);
  CHECK(last == 1999 * 160);
  CHECK(received + sink.dropped() == 2000);
}

}  // namespace trunkline::media

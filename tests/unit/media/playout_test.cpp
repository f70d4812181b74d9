#include <trunkline/media/playout.hpp>

#include <catch2/catch.hpp>

#include <numeric>

namespace trunkline::media {
namespace {

using namespace std::chrono_literals;

constexpr MonoTime start{std::chrono::hours(3)};

// Writes down what the playout wants as short words: `send:1600 mark:a played:160 reached:a clear`.
class Log final : public PlayoutOutput {
 public:
  void send_audio(std::span<const std::uint8_t> audio) override {
    add("send:" + std::to_string(audio.size()));
    sent.insert(sent.end(), audio.begin(), audio.end());
  }
  void send_mark(const std::string& name) override { add("mark:" + name); }
  void send_clear() override { add("clear"); }
  void audio_played(std::span<const std::uint8_t> audio) override {
    add("played:" + std::to_string(audio.size()));
    played.insert(played.end(), audio.begin(), audio.end());
  }
  void mark_reached(const std::string& name, bool was_played) override {
    add((was_played ? "reached:" : "cleared:") + name);
  }
  std::string take() { return std::exchange(words_, {}); }

  std::vector<std::uint8_t> sent;
  std::vector<std::uint8_t> played;

 private:
  void add(const std::string& word) { words_ += (words_.empty() ? "" : " ") + word; }
  std::string words_;
};

// Audio in which each position has its own value, so that order and loss show.
std::vector<std::uint8_t> ramp(std::size_t samples, std::size_t from = 0) {
  std::vector<std::uint8_t> audio(samples);
  for (std::size_t i = 0; i < samples; ++i) audio[i] = static_cast<std::uint8_t>((from + i) * 7 % 253);
  return audio;
}

struct Fixture {
  Log log;
  Playout playout{Format{}};
  std::string step(milliseconds at) {
    playout.step(start + at, log);
    return log.take();
  }
  std::string clear(milliseconds at) {
    playout.clear(start + at, log);
    return log.take();
  }
  std::string echo(const std::string& name) { return playout.mark_echoed(name, log) ? log.take() : "unknown"; }
  void queue(std::size_t samples) { REQUIRE(playout.queue_audio(ramp(samples)).has_value()); }
  void mark(const std::string& name) { REQUIRE(playout.queue_mark(name).has_value()); }
};

}  // namespace

TEST_CASE("The first audio goes out up to the lead, the rest in step with the clock") {
  Fixture f;
  f.queue(8000);
  CHECK(f.step(0ms) == "send:1600");
  CHECK(f.step(0ms).empty());
  CHECK(f.step(19ms).empty());
  CHECK(f.step(20ms) == "played:160 send:160");
  CHECK(f.step(100ms) == "played:640 send:640");
  CHECK(f.playout.played_ms() == 100);
  CHECK(f.playout.queued_ms() == 900);
}

TEST_CASE("next_due leads from step to step until everything was played, in order and complete") {
  Fixture f;
  f.queue(4040);
  f.mark("end");
  int steps = 0;
  MonoTime now = start;
  while (const auto due = f.playout.next_due()) {
    REQUIRE(++steps < 100);
    now = std::max(now, *due);
    f.playout.step(now, f.log);
    REQUIRE_FALSE(f.log.take().empty());
  }
  CHECK(now == start + 505ms);
  CHECK(f.log.sent == ramp(4040));
  CHECK(f.log.played == ramp(4040));
  CHECK(f.playout.idle());
}

TEST_CASE("When the audio runs out the clock stops and the next audio starts it anew") {
  Fixture f;
  f.queue(320);
  CHECK(f.step(0ms) == "send:320");
  CHECK(f.step(500ms) == "played:320");
  CHECK(f.playout.idle());
  CHECK_FALSE(f.playout.next_due());
  f.queue(3200);
  CHECK(f.step(10'000ms) == "send:1600");
  CHECK(f.step(10'020ms) == "played:160 send:160");
}

TEST_CASE("A loop that stood still sends what is due at once but never more than the lead") {
  Fixture f;
  f.queue(80'000);
  CHECK(f.step(0ms) == "send:1600");
  SECTION("for less than the lead") {
    CHECK(f.step(150ms) == "played:1120 send:1120");
  }
  SECTION("for longer: the carrier ran dry") {
    CHECK(f.step(5000ms) == "played:1600 send:1600");
  }
  SECTION("for years") {
    CHECK(f.step(std::chrono::hours(24 * 3650)) == "played:1600 send:1600");
  }
  SECTION("and a clock that seems to go back does nothing") {
    CHECK(f.step(-1000ms).empty());
  }
}

TEST_CASE("Audio that comes in pieces goes out without waiting for whole frames at its end") {
  Fixture f;
  f.queue(100);
  CHECK(f.step(0ms) == "send:100");
  f.queue(100);
  CHECK(f.step(1ms) == "send:100");
  CHECK(f.step(25ms) == "played:200");
}

TEST_CASE("A mark goes out after the audio before it and comes back as played") {
  Fixture f;
  f.queue(1700);
  f.mark("a");
  f.queue(160);
  f.mark("b");
  CHECK(f.step(0ms) == "send:1600");
  CHECK(f.echo("a") == "unknown");
  CHECK(f.step(13ms) == "send:100 mark:a");
  CHECK(f.step(33ms) == "played:160 send:160 mark:b");
  CHECK(f.echo("a") == "reached:a");
  CHECK(f.echo("a") == "unknown");
  CHECK(f.echo("b") == "reached:b");
}

TEST_CASE("A mark in the middle of a frame wakes the playout in time") {
  Fixture f;
  f.queue(1640);
  f.mark("a");
  f.queue(1600);
  CHECK(f.step(0ms) == "send:1600");
  CHECK(f.playout.next_due() == start + 5ms);
  CHECK(f.step(5ms) == "send:40 mark:a");
}

TEST_CASE("A mark with nothing queued goes out at once") {
  Fixture f;
  f.mark("alone");
  CHECK(f.playout.next_due() <= start);
  CHECK(f.step(0ms) == "mark:alone");
  CHECK(f.echo("alone") == "reached:alone");
  CHECK(f.playout.idle());
}

TEST_CASE("Marks of the same name come back in their order") {
  Fixture f;
  f.mark("x");
  f.step(0ms);
  f.clear(0ms);
  f.mark("x");
  f.step(0ms);
  CHECK(f.echo("x") == "cleared:x");
  CHECK(f.echo("x") == "reached:x");
}

TEST_CASE("Clear throws away what was not heard, to the sample, here and at the carrier") {
  Fixture f;
  f.queue(8000);
  f.step(0ms);
  CHECK(f.clear(33ms) == "played:264 clear");
  CHECK(f.log.played == ramp(264));
  CHECK(f.playout.idle());
  CHECK(f.playout.queued_ms() == 0);
  CHECK(f.playout.played_ms() == 33);
  CHECK(f.step(1000ms).empty());

  f.queue(160);
  CHECK(f.step(2000ms) == "send:160");
  CHECK(f.step(2020ms) == "played:160");
}

TEST_CASE("Clear reaches the carrier also when everything was sent, but not when it holds nothing of ours") {
  Fixture f;
  CHECK(f.clear(0ms).empty());
  f.queue(800);
  CHECK(f.step(0ms) == "send:800");
  CHECK(f.clear(50ms) == "played:400 clear");
  CHECK(f.clear(51ms).empty());
  f.queue(800);
  CHECK(f.clear(60ms).empty());
}

TEST_CASE("Marks outstanding at a clear count as not played, the unsent ones at once, the others as they come back") {
  Fixture f;
  f.queue(160);
  f.mark("sent");
  f.queue(8000);
  f.mark("unsent-1");
  f.mark("unsent-2");
  CHECK(f.step(0ms) == "send:160 mark:sent send:1440");
  CHECK(f.clear(40ms) == "played:320 clear cleared:unsent-1 cleared:unsent-2");
  f.mark("after");
  CHECK(f.step(50ms) == "mark:after");
  CHECK(f.echo("unsent-1") == "unknown");
  CHECK(f.echo("sent") == "cleared:sent");
  CHECK(f.echo("after") == "reached:after");
}

TEST_CASE("What may wait is limited") {
  Log log;
  Playout playout({}, {.lead_ms = 200, .queue_ms = 1000, .marks = 2});
  REQUIRE(playout.queue_audio(ramp(8000)).has_value());
  CHECK(playout.queue_audio(ramp(1)).error().code == "playout_full");
  playout.step(start, log);
  playout.step(start + 20ms, log);
  CHECK(playout.queue_audio(ramp(160)).has_value());
  REQUIRE(playout.queue_mark("a").has_value());
  REQUIRE(playout.queue_mark("b").has_value());
  CHECK(playout.queue_mark("c").error().code == "too_many_marks");
}

TEST_CASE("Half a sample is refused") {
  Playout playout({Encoding::pcm16, 24'000});
  CHECK(playout.queue_audio(ramp(961)).error().code == "partial_sample");
  CHECK(playout.idle());
}

TEST_CASE("PCM at another rate is paced by its own clock") {
  Log log;
  Playout playout({Encoding::pcm16, 24'000}, {.lead_ms = 100});
  REQUIRE(playout.queue_audio(ramp(48'000)).has_value());
  playout.step(start, log);
  CHECK(log.take() == "send:4800");
  playout.step(start + 20ms, log);
  CHECK(log.take() == "played:960 send:960");
  CHECK(playout.queued_ms() == 980);
}

TEST_CASE("At 16 and 24 kHz a frame of 20 ms has 640 and 960 bytes, and everything else stays as it is") {
  struct Rate {
    std::uint32_t hz;
    std::size_t frame;
  };
  for (const auto& [hz, frame] : {Rate{16'000, 640}, Rate{24'000, 960}}) {
    INFO(hz);
    const auto words = [frame = frame](const char* what, std::size_t frames) {
      return what + std::to_string(frames * frame);
    };
    Log log;
    Playout playout({Encoding::pcm16, hz});
    const auto audio = ramp(101 * frame + 2);
    REQUIRE(playout.queue_audio(audio).has_value());
    REQUIRE(playout.queue_mark("end").has_value());
    CHECK(playout.queued_ms() == 2'020);
    playout.step(start, log);
    CHECK(log.take() == words("send:", 10));
    CHECK(playout.next_due() == start + 20ms);
    playout.step(start + 19'999us, log);
    CHECK(log.take().empty());
    playout.step(start + 20ms, log);
    CHECK(log.take() == words("played:", 1) + words(" send:", 1));
    playout.step(start + 105ms, log);
    CHECK(log.take() == words("played:", 4) + words(" send:", 4));
    CHECK(playout.played_ms() == 100);

    MonoTime now = start + 105ms;
    int steps = 0;
    while (const auto due = playout.next_due()) {
      REQUIRE(++steps < 200);
      now = std::max(now, *due);
      playout.step(now, log);
    }
    CHECK(log.sent == audio);
    CHECK(log.played == audio);
    CHECK(now - start == 2'020ms + std::chrono::nanoseconds((1'000'000'000 + hz - 1) / hz));  // the odd sample too
    CHECK(log.take().find("send:2 mark:end") != std::string::npos);
  }
}

TEST_CASE("At 24 kHz a clear throws away to the sample, and two minutes may wait") {
  Log log;
  Playout playout({Encoding::pcm16, 24'000});
  REQUIRE(playout.queue_audio(ramp(120 * 48'000)).has_value());
  CHECK(playout.queue_audio(ramp(2)).error().code == "playout_full");
  playout.step(start, log);
  CHECK(log.take() == "send:9600");
  playout.clear(start + 33ms, log);
  CHECK(log.take() == "played:1584 clear");
  CHECK(log.played == ramp(1'584));
  CHECK(playout.idle());
}

TEST_CASE("A lead shorter than a frame still lets audio through") {
  Log log;
  Playout playout({}, {.lead_ms = 0});
  REQUIRE(playout.queue_audio(ramp(480)).has_value());
  for (int ms = 0; ms <= 60; ms += 20) playout.step(start + milliseconds(ms), log);
  CHECK(log.played == ramp(480));
}

TEST_CASE("A long queue is played complete and in order") {
  Fixture f;
  const auto audio = ramp(8000 * 100);
  REQUIRE(f.playout.queue_audio(audio).has_value());
  for (auto at = 0ms; !f.playout.idle(); at += 37ms) f.playout.step(start + at, f.log);
  CHECK(f.log.sent == audio);
  CHECK(f.log.played == audio);
}

}  // namespace trunkline::media

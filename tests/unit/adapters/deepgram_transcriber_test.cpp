#include "support/manual_clock.hpp"
#include "unit/adapters/recording_listener.hpp"

#include <trunkline/adapters/deepgram_transcriber.hpp>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

using namespace trunkline;
using test::RecordingListener;

namespace {

class FakeSocket final : public net::WebSocket {
 public:
  bool send_text(std::string_view message) override {
    texts.emplace_back(message);
    return true;
  }
  bool send_binary(std::span<const std::uint8_t> message) override {
    audio.insert(audio.end(), message.begin(), message.end());
    return true;
  }
  void flush() override { flushed = audio.size(); }
  void ping() override {}
  void close(net::CloseCode, std::string_view) override { closed = true; }
  void abort() override { closed = true; }
  void pause_reading() override {}
  void resume_reading() override {}
  std::size_t unsent_bytes() const override { return audio.size() - flushed; }
  boost::asio::io_context& context() override { return loop_; }

  std::vector<std::string> texts;
  std::vector<std::uint8_t> audio;
  std::size_t flushed = 0;
  bool closed = false;

 private:
  boost::asio::io_context loop_;
};

struct FakeNetwork final : adapters::SocketOpener {
  struct Attempt {
    std::string url;
    net::Headers headers;
    std::shared_ptr<net::WebSocketHandler> handler;
  };

  void open(std::string url, net::Headers headers, std::shared_ptr<net::WebSocketHandler> handler) override {
    attempts.push_back({std::move(url), std::move(headers), std::move(handler)});
  }
  void every(milliseconds, std::function<bool()> tick) override { ticks.push_back(std::move(tick)); }

  void pass(test::ManualClock& clock, milliseconds step) {
    clock.advance(step);
    std::erase_if(ticks, [](const auto& tick) { return !tick(); });
  }

  std::vector<Attempt> attempts;
  std::vector<std::function<bool()>> ticks;
};

struct Call {
  explicit Call(std::vector<media::Track> tracks = {media::Track::inbound}, media::Format format = {}) {
    speech::TranscribeRequest request;
    request.format = format;
    request.tracks = std::move(tracks);
    auto opened = transcriber->open(request, listener);
    REQUIRE(opened.has_value());
    sink = std::move(*opened);
  }

  void frame(media::FrameKind kind, std::uint8_t byte, media::Track track = media::Track::inbound) {
    const std::vector<std::uint8_t> data(160, byte);
    media::Frame frame;
    frame.track = track;
    frame.kind = kind;
    frame.position = position;
    frame.samples = 160;
    if (kind != media::FrameKind::silence) frame.data = data;
    frame.arrived = clock.mono();
    position += 160;
    sink->on_frame(frame);
  }

  test::ManualClock clock;
  FakeNetwork network;
  std::shared_ptr<RecordingListener> listener = std::make_shared<RecordingListener>();
  std::unique_ptr<speech::Transcriber> transcriber =
      adapters::make_deepgram_transcriber({"ws://127.0.0.1:9", "key", "nova-3"}, network, clock);
  std::shared_ptr<media::Sink> sink;
  std::int64_t position = 0;
};

constexpr std::string_view hello =
    R"({"type":"Results","start":0,"duration":0.02,"is_final":true,"speech_final":true,)"
    R"("channel":{"alternatives":[{"transcript":"hello","confidence":0.9,"words":[]}]}})";

}  // namespace

TEST_CASE("a stream opens its connection with the key, and audio leaves with the batch") {
  Call call;
  REQUIRE(call.network.attempts.size() == 1);
  CHECK(call.network.attempts[0].url.starts_with("ws://127.0.0.1:9/v1/listen?encoding=mulaw&"));
  CHECK(net::find_header(call.network.attempts[0].headers, "authorization") == "Token key");

  FakeSocket socket;
  call.network.attempts[0].handler->on_open(socket);
  call.frame(media::FrameKind::audio, 1);
  call.frame(media::FrameKind::silence, 0);
  call.frame(media::FrameKind::late, 9);
  CHECK(socket.audio.size() == 320);
  CHECK(socket.audio.front() == 1);
  CHECK(socket.audio.back() == 0xFF);
  CHECK(socket.flushed == 0);
  CHECK(call.sink->queued_bytes() == 320);
  call.sink->on_batch_end();
  CHECK(call.sink->queued_bytes() == 0);
  call.network.attempts[0].handler->on_text(hello);
  CHECK(call.listener->texts() == std::vector<std::string>{"hello"});
}

TEST_CASE("a stream of a higher rate says so, and counts what is lost in frames of its own") {
  Call call({media::Track::inbound}, {media::Encoding::pcm16, 24'000});
  CHECK(call.network.attempts.at(0).url.starts_with(
      "ws://127.0.0.1:9/v1/listen?encoding=linear16&sample_rate=24000&channels=1&"));
  const std::vector<std::uint8_t> data(960);
  for (int i = 0; i < 510; ++i) {  // 200 ms more than is kept, without a connection
    media::Frame frame;
    frame.position = 480 * i;
    frame.samples = 480;
    frame.data = data;
    frame.arrived = call.clock.mono();
    call.sink->on_frame(frame);
  }
  CHECK(call.sink->queued_bytes() == 480'000);
  CHECK(call.sink->dropped() == 10);
}

TEST_CASE("the last results come after the sink was let go, then its timer stops") {
  Call call;
  FakeSocket socket;
  call.network.attempts[0].handler->on_open(socket);
  call.frame(media::FrameKind::audio, 1);
  call.sink->on_end(media::EndCause::stop);
  call.sink.reset();
  CHECK(socket.texts == std::vector<std::string>{R"({"type":"Finalize"})", R"({"type":"CloseStream"})"});
  call.network.attempts[0].handler->on_text(hello);
  call.network.attempts[0].handler->on_close({net::CloseCode::normal, "", 0});
  CHECK(call.listener->texts() == std::vector<std::string>{"hello"});
  CHECK(call.listener->finished() == 1);
  call.network.pass(call.clock, milliseconds{50});
  CHECK(call.network.ticks.empty());
}

TEST_CASE("a connection that opens after it was given up is closed and not listened to") {
  Call call;
  call.network.pass(call.clock, milliseconds{4'000});
  call.network.pass(call.clock, milliseconds{300});
  REQUIRE(call.network.attempts.size() == 2);
  FakeSocket late;
  call.network.attempts[0].handler->on_open(late);
  CHECK(late.closed);
  call.network.attempts[0].handler->on_text(hello);
  call.network.attempts[0].handler->on_close({});
  CHECK(call.listener->texts().empty());
  FakeSocket good;
  call.network.attempts[1].handler->on_open(good);
  call.frame(media::FrameKind::audio, 1);
  CHECK(good.audio.size() == 160);
}

TEST_CASE("a refused key ends the stream's transcription, not the stream") {
  Call call;
  call.network.attempts[0].handler->on_close({net::CloseCode::abnormal, "", 401});
  CHECK(call.listener->troubles() == std::vector<std::string>{"rejected"});
  CHECK(call.listener->finished() == 1);
  call.frame(media::FrameKind::audio, 1);
  call.sink->on_batch_end();
  call.sink->on_end(media::EndCause::stop);
  CHECK(call.listener->finished() == 1);
}

TEST_CASE("two tracks are two connections, and the end is reported after both") {
  Call call({media::Track::inbound, media::Track::outbound});
  REQUIRE(call.network.attempts.size() == 2);
  FakeSocket caller;
  FakeSocket agent;
  call.network.attempts[0].handler->on_open(caller);
  call.network.attempts[1].handler->on_open(agent);
  call.frame(media::FrameKind::audio, 1, media::Track::inbound);
  call.frame(media::FrameKind::audio, 2, media::Track::outbound);
  CHECK(caller.audio == std::vector<std::uint8_t>(160, 1));
  CHECK(agent.audio == std::vector<std::uint8_t>(160, 2));
  call.sink->on_end(media::EndCause::stop);
  call.network.attempts[0].handler->on_close({net::CloseCode::normal, "", 0});
  CHECK(call.listener->finished() == 0);
  call.network.attempts[1].handler->on_close({net::CloseCode::normal, "", 0});
  CHECK(call.listener->finished() == 1);
}

TEST_CASE("without a key there is no Deepgram") {
  test::ManualClock clock;
  FakeNetwork network;
  const auto transcriber = adapters::make_deepgram_transcriber({}, network, clock);
  CHECK(transcriber->open({}, std::make_shared<RecordingListener>()).error().code == "unsupported");
  CHECK(network.attempts.empty());
}

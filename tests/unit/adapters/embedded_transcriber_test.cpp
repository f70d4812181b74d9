#include "support/temporary_folder.hpp"
#include "unit/adapters/recording_listener.hpp"

#include <trunkline/adapters/embedded_transcriber.hpp>
#include <trunkline/adapters/sample_call.hpp>
#include <trunkline/media/g711.hpp>

#include <catch2/catch.hpp>

#include <adapters/flite/flite_voice.hpp>
#include <adapters/rate_change.hpp>
#include <cmath>
#include <numbers>
#include <thread>

using namespace trunkline;
using adapters::EmbeddedOptions;
using test::RecordingListener;
using Samples = std::vector<std::int16_t>;

namespace {

std::unique_ptr<adapters::EmbeddedTranscriber> make_engine(std::size_t max_decoders) {
  static const test::TemporaryFolder scratch;
  EmbeddedOptions options;
  options.scratch_dir = scratch.path();
  options.max_decoders = max_decoders;
  auto made = adapters::make_embedded_transcriber(options);
  REQUIRE(made.has_value());
  return std::move(*made);
}

speech::TranscribeRequest request_with(std::vector<std::string> phrases = {}) {
  speech::TranscribeRequest request;
  request.call_id = "call_1";
  request.phrases = std::move(phrases);
  return request;
}

/// Each text with a second of silence before it, and one after the last.
Samples spoken(const std::vector<std::string>& texts) {
  Samples all(8'000);
  for (const auto& text : texts) {
    const auto samples = adapters::change_rate(*adapters::speak_with_flite("rms", text), 16'000, 8'000);
    all.insert(all.end(), samples.begin(), samples.end());
    all.resize(all.size() + 8'000);
  }
  return all;
}

/// Two seconds of these frequencies together, a second of silence before and after.
Samples tone(const std::vector<double>& frequencies, double peak) {
  Samples all(32'000);
  for (std::size_t i = 8'000; i < 24'000; ++i) {
    double value = 0;
    for (const double hz : frequencies) value += std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / 8'000);
    all[i] = static_cast<std::int16_t>(peak / static_cast<double>(frequencies.size()) * value);
  }
  return all;
}

std::vector<std::uint8_t> encoded(const Samples& samples, media::Format format) {
  std::vector<std::uint8_t> bytes(samples.size() * format.sample_bytes());
  if (format.encoding == media::Encoding::mulaw) {
    media::encode_mulaw(samples, bytes.data());
    return bytes;
  }
  for (std::size_t i = 0; i < samples.size(); ++i) {
    bytes[2 * i] = static_cast<std::uint8_t>(samples[i] & 0xFF);
    bytes[2 * i + 1] = static_cast<std::uint8_t>((samples[i] >> 8) & 0xFF);
  }
  return bytes;
}

/// As a carrier would: frames of 20 ms.
void play(media::Sink& sink, const Samples& samples, media::Track track = media::Track::inbound,
          media::Format format = {}) {
  const auto bytes = encoded(samples, format);
  const auto frame_samples = static_cast<std::size_t>(format.samples(20));
  const auto five_seconds = 250 * frame_samples * format.sample_bytes();
  for (std::size_t done = 0; done + frame_samples <= samples.size(); done += frame_samples) {
    media::Frame frame;
    frame.track = track;
    frame.position = static_cast<std::int64_t>(done);
    frame.samples = static_cast<std::uint32_t>(frame_samples);
    frame.data = std::span(bytes).subspan(done * format.sample_bytes(), frame_samples * format.sample_bytes());
    sink.on_frame(frame);
    sink.on_batch_end();
    while (sink.queued_bytes() > five_seconds) std::this_thread::yield();  // a carrier is slower than a test
  }
}

std::shared_ptr<RecordingListener> transcribe(speech::Transcriber& engine, const speech::TranscribeRequest& request,
                                              const Samples& samples) {
  auto listener = std::make_shared<RecordingListener>();
  const auto sink = engine.open(request, listener);
  REQUIRE(sink.has_value());
  play(**sink, samples, media::Track::inbound, request.format);
  (*sink)->on_end(media::EndCause::stop);
  REQUIRE(listener->wait());
  return listener;
}

void check_times(const speech::Segment& segment, const adapters::SampleCall::Line& line) {
  CHECK(segment.start_ms >= line.start_ms - 100);
  CHECK(segment.start_ms <= line.start_ms + 400);
  CHECK(segment.end_ms >= line.end_ms - 500);
  CHECK(segment.end_ms <= line.end_ms + 300);
}

}  // namespace

TEST_CASE("the sample caller is understood word for word, at the right times") {
  const auto engine = make_engine(1);
  const auto call = adapters::sample_call();
  REQUIRE(call.has_value());
  const auto listener = transcribe(*engine, request_with(), call->audio);
  const auto segments = listener->segments();
  REQUIRE(segments.size() == call->lines.size());
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto& line = call->lines[i];
    CHECK(segments[i].text == line.expected);
    check_times(segments[i], line);
    CHECK(segments[i].confidence > 0.5);
    CHECK(segments[i].confidence <= 1);
    CHECK(segments[i].final);
    CHECK(segments[i].engine == "embedded");
    CHECK(segments[i].language == "en-US");
  }
  CHECK(listener->finished() == 1);
  CHECK(listener->troubles().empty());
}

TEST_CASE("the sample caller is understood at every rate that carriers send, at the same times") {
  const auto engine = make_engine(1);
  for (const std::uint32_t rate : {8'000U, 16'000U, 24'000U}) {
    INFO(rate << " Hz");
    const auto call = adapters::sample_call(1'500, rate);
    REQUIRE(call.has_value());
    auto request = request_with();
    request.format = {media::Encoding::pcm16, rate};
    const auto listener = transcribe(*engine, request, call->audio);
    const auto segments = listener->segments();
    REQUIRE(segments.size() == call->lines.size());
    for (std::size_t i = 0; i < segments.size(); ++i) {
      CHECK(segments[i].text == call->lines[i].expected);
      check_times(segments[i], call->lines[i]);
    }
    CHECK(listener->troubles().empty());
  }
}

TEST_CASE("the sample caller is the same every time") {
  CHECK((adapters::sample_call()->audio == adapters::sample_call()->audio));
  CHECK(adapters::sample_call(0)->audio.size() + 1'500 * 8 == adapters::sample_call()->audio.size());
  CHECK(adapters::sample_call(0, 24'000)->lines.back().start_ms ==
        Approx(adapters::sample_call(0)->lines.back().start_ms).margin(4));
}

TEST_CASE("speech that is not in the grammar is rejected, not guessed at") {
  const auto engine = make_engine(1);
  const auto listener = transcribe(*engine, request_with(),
                                   spoken({"the weather is quite nice today", "i had a sandwich for lunch yesterday"}));
  CHECK(listener->texts().empty());
  CHECK(engine->counts().utterances == 2);
  CHECK(engine->counts().rejected == 2);
}

TEST_CASE("a tone says nothing, at any level") {
  const auto engine = make_engine(1);
  for (const double peak : {500, 2'000, 8'000, 30'000}) {
    const auto listener = transcribe(*engine, request_with(), tone({440}, peak));
    CHECK(listener->texts().empty());
    CHECK(transcribe(*engine, request_with(), tone({350, 440}, peak))->texts().empty());
  }
  CHECK(engine->counts().rejected == engine->counts().utterances);
  CHECK(engine->counts().utterances > 0);
}

TEST_CASE("a route's phrases are understood by its calls only") {
  const auto engine = make_engine(1);
  const auto order = spoken({"order a large pizza"});
  CHECK(transcribe(*engine, request_with({"order a large pizza"}), order)->texts() ==
        std::vector<std::string>{"order a large pizza"});
  CHECK(transcribe(*engine, request_with(), order)->texts() != std::vector<std::string>{"order a large pizza"});
}

TEST_CASE("each track is transcribed for itself") {
  const auto engine = make_engine(2);
  auto request = request_with();
  request.tracks = {media::Track::inbound, media::Track::outbound};
  const auto listener = std::make_shared<RecordingListener>();
  const auto sink = engine->open(request, listener);
  REQUIRE(sink.has_value());
  play(**sink, spoken({"main menu"}), media::Track::inbound);
  play(**sink, spoken({"opening hours"}), media::Track::outbound);
  (*sink)->on_end(media::EndCause::stop);
  REQUIRE(listener->wait());
  const auto segments = listener->segments();
  REQUIRE(segments.size() == 2);
  for (const auto& segment : segments) {
    CHECK(segment.text == (segment.track == media::Track::inbound ? "main menu" : "opening hours"));
  }
  CHECK(listener->finished() == 1);
}

TEST_CASE("a track that was not asked for is not heard, and late frames are not either") {
  const auto engine = make_engine(1);
  const auto listener = std::make_shared<RecordingListener>();
  const auto sink = engine->open(request_with(), listener);
  REQUIRE(sink.has_value());
  play(**sink, spoken({"main menu"}), media::Track::outbound);
  media::Frame late;
  late.kind = media::FrameKind::late;
  const std::vector<std::uint8_t> data(160, 0x10);
  late.samples = 160;
  late.data = data;
  for (int i = 0; i < 100; ++i) (*sink)->on_frame(late);
  CHECK((*sink)->queued_bytes() == 0);
  (*sink)->on_end(media::EndCause::stop);
  REQUIRE(listener->wait());
  CHECK(listener->texts().empty());
}

TEST_CASE("when all decoders are taken the next call is told, and served when one is free again") {
  const auto engine = make_engine(1);
  const auto first = std::make_shared<RecordingListener>();
  const auto sink = engine->open(request_with(), first);
  REQUIRE(sink.has_value());
  const auto refused = engine->open(request_with(), std::make_shared<RecordingListener>());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == "engine_busy");
  (*sink)->on_end(media::EndCause::closed);
  REQUIRE(first->wait());
  CHECK(transcribe(*engine, request_with(), spoken({"main menu"}))->texts() == std::vector<std::string>{"main menu"});
}

TEST_CASE("a call that needs more decoders than there are takes none of them") {
  const auto engine = make_engine(1);
  auto both = request_with();
  both.tracks = {media::Track::inbound, media::Track::outbound};
  CHECK(engine->open(both, std::make_shared<RecordingListener>()).error().code == "engine_busy");
  CHECK(engine->open(request_with(), std::make_shared<RecordingListener>()).has_value());
}

TEST_CASE("what the engine cannot do is refused at the start") {
  const auto engine = make_engine(1);
  const auto listener = std::make_shared<RecordingListener>();
  auto german = request_with();
  german.language = "de-DE";
  CHECK(engine->open(german, listener).error().code == "unsupported");
  for (const media::Format format :
       {media::Format{media::Encoding::pcm16, 11'025}, media::Format{media::Encoding::pcm16, 48'000},
        media::Format{media::Encoding::mulaw, 16'000}}) {
    auto other = request_with();
    other.format = format;
    CHECK(engine->open(other, listener).error().code == "unsupported");
  }
  const std::vector<std::string> unknown = {"call trunkleberry"};
  CHECK(engine->open(request_with(unknown), listener).error().code == "unsupported");
}

TEST_CASE("what the engine cannot do is known without it") {
  CHECK(adapters::check_embedded_language("en-GB").has_value());
  CHECK(adapters::check_embedded_language("EN").has_value());
  CHECK(adapters::check_embedded_language("de-DE").error().message.find("de-DE") != std::string::npos);
  const auto check = adapters::make_phrase_check("/usr/share/pocketsphinx/model/en-us");
  REQUIRE(check.has_value());
  CHECK((*check)({}).has_value());
  CHECK((*check)(std::vector<std::string>{"Technical support"}).has_value());
  const auto unknown = (*check)(std::vector<std::string>{"billing", "call trunkleberry"});
  CHECK(unknown.error().code == "unsupported");
  CHECK(unknown.error().message.find("trunkleberry") != std::string::npos);
  CHECK(adapters::make_phrase_check("/nonexistent").error().code == "engine_unavailable");
}

TEST_CASE("audio that the decoder has no time for is lost oldest first, and the call is told") {
  const auto engine = make_engine(1);
  const auto listener = std::make_shared<RecordingListener>();
  const auto sink = engine->open(request_with(), listener);
  REQUIRE(sink.has_value());
  const std::vector<std::uint8_t> quiet(160, media::mulaw_silence);
  for (int i = 0; i < 600; ++i) {
    media::Frame frame;
    frame.position = 160 * i;
    frame.samples = 160;
    frame.data = quiet;
    (*sink)->on_frame(frame);  // without on_batch_end(): no job is asked for
  }
  CHECK((*sink)->queued_bytes() == 80'000);
  CHECK((*sink)->dropped() == 100);
  (*sink)->on_end(media::EndCause::stop);
  REQUIRE(listener->wait());
  CHECK(listener->troubles() == std::vector<std::string>{"audio_lost"});
}

TEST_CASE("what was lost of a higher rate is told in its own time") {
  const auto engine = make_engine(1);
  const auto listener = std::make_shared<RecordingListener>();
  auto request = request_with();
  request.format = {media::Encoding::pcm16, 24'000};
  const auto sink = engine->open(request, listener);
  REQUIRE(sink.has_value());
  const std::vector<std::uint8_t> quiet(960);
  for (int i = 0; i < 600; ++i) {
    media::Frame frame;
    frame.position = 480 * i;
    frame.samples = 480;
    frame.data = quiet;
    (*sink)->on_frame(frame);
  }
  CHECK((*sink)->queued_bytes() == 480'000);
  CHECK((*sink)->dropped() == 100);
  (*sink)->on_end(media::EndCause::stop);
  REQUIRE(listener->wait());
  CHECK(listener->messages() == std::vector<std::string>{"the embedded engine did not keep up and missed 2000 ms"});
}

TEST_CASE("calls at once are kept apart") {
  const auto engine = make_engine(4);
  const std::vector<std::string> said = {"main menu", "opening hours", "cancel", "goodbye"};
  std::vector<std::shared_ptr<RecordingListener>> listeners;
  for (const auto& text : said) {
    listeners.push_back(std::make_shared<RecordingListener>());
    const auto sink = engine->open(request_with(), listeners.back());
    REQUIRE(sink.has_value());
    play(**sink, spoken({text}));
    (*sink)->on_end(media::EndCause::stop);
  }
  for (std::size_t i = 0; i < said.size(); ++i) {
    REQUIRE(listeners[i]->wait());
    CHECK(listeners[i]->texts() == std::vector<std::string>{said[i]});
  }
}

TEST_CASE("an engine without its model does not start") {
  const test::TemporaryFolder scratch;
  EmbeddedOptions options;
  options.model_dir = scratch.path() / "nothing";
  options.scratch_dir = scratch.path();
  CHECK(adapters::make_embedded_transcriber(options).error().code == "engine_unavailable");
}

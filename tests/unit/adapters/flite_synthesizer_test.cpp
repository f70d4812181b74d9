#include <trunkline/adapters/flite_synthesizer.hpp>
#include <trunkline/media/g711.hpp>
#include <trunkline/media/pcm.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <adapters/rate_change.hpp>
#include <algorithm>
#include <cmath>
#include <optional>

using namespace trunkline;
using Audio = std::vector<std::uint8_t>;

namespace {

std::vector<Result<Audio>> speak_all(speech::Synthesizer& synthesizer, const std::vector<std::string>& texts,
                                     media::Format format) {
  asio::io_context loop;
  std::vector<std::optional<Result<Audio>>> answers(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    asio::co_spawn(loop, synthesizer.speak(texts[i], format), [&answers, i](std::exception_ptr thrown, auto result) {
      if (!thrown) answers[i] = std::move(result);
    });
  }
  loop.run();
  std::vector<Result<Audio>> out;
  for (auto& answer : answers) out.push_back(std::move(answer.value()));
  return out;
}

Result<Audio> speak(speech::Synthesizer& synthesizer, const std::string& text, media::Format format = {}) {
  return speak_all(synthesizer, {text}, format).front();
}

std::vector<std::int16_t> samples_of(const Audio& pcm) {
  std::vector<std::int16_t> samples;
  media::for_each_sample(media::Encoding::pcm16, pcm, [&](std::int16_t sample) { samples.push_back(sample); });
  return samples;
}

}  // namespace

TEST_CASE("a greeting is spoken as mu-law at 8 kHz, loud enough and not clipped") {
  const auto flite = adapters::make_flite_synthesizer({});
  REQUIRE(flite.has_value());
  const auto audio = speak(**flite, "Welcome. How can I help you?");
  REQUIRE(audio.has_value());
  CHECK(audio->size() > 8'000);
  CHECK(audio->size() < 8'000 * 6);
  std::vector<std::int16_t> samples(audio->size());
  media::decode_mulaw(*audio, samples.data());
  const auto loudest = std::ranges::max(samples);
  CHECK(loudest > 3'000);
  CHECK(loudest < 32'000);
}

TEST_CASE("every format has the same duration, and the same text the same audio") {
  const auto flite = adapters::make_flite_synthesizer({});
  REQUIRE(flite.has_value());
  const auto mulaw = speak(**flite, "hello");
  const auto narrow = speak(**flite, "hello", {media::Encoding::pcm16, 8'000});
  const auto wide = speak(**flite, "hello", {media::Encoding::pcm16, 16'000});
  CHECK(narrow->size() == 2 * mulaw->size());
  const auto widest = speak(**flite, "hello", {media::Encoding::pcm16, 24'000});
  CHECK(wide->size() / 4 == Approx(mulaw->size()).margin(1));
  CHECK(widest->size() / 6 == Approx(mulaw->size()).margin(1));
  CHECK((*speak(**flite, "hello") == *mulaw));
  const auto uncached = adapters::make_flite_synthesizer({"slt", 0, 8});
  CHECK((*speak(**uncached, "hello") == *mulaw));
}

TEST_CASE("24 kHz is the same speech: what is at 16 kHz comes back out of it") {
  const auto flite = adapters::make_flite_synthesizer({});
  const auto wide = samples_of(*speak(**flite, "Welcome.", {media::Encoding::pcm16, 16'000}));
  const auto widest = samples_of(*speak(**flite, "Welcome.", {media::Encoding::pcm16, 24'000}));
  const auto back = adapters::change_rate(widest, 24'000, 16'000);
  REQUIRE(back.size() >= wide.size());
  double power = 0;
  double error = 0;
  for (std::size_t i = 0; i < wide.size(); ++i) {
    power += std::pow(wide[i], 2);
    error += std::pow(back[i] - wide[i], 2);
  }
  CHECK(error < power / 300);  // 25 dB down: what is above 6.8 kHz
  CHECK(power / static_cast<double>(wide.size()) > 300 * 300);
}

TEST_CASE("the voices differ, and others are not there") {
  const auto slt = adapters::make_flite_synthesizer({"slt", 0, 8});
  const auto rms = adapters::make_flite_synthesizer({"rms", 0, 8});
  CHECK((*speak(**slt, "hello") != *speak(**rms, "hello")));
  const auto missing = adapters::make_flite_synthesizer({"hal", 0, 8});
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().code == "unsupported");
}

TEST_CASE("texts that cannot be spoken are refused, and nothing is spoken as nothing") {
  const auto flite = adapters::make_flite_synthesizer({});
  CHECK(speak(**flite, std::string(4'097, 'a')).error().code == "text_too_long");
  CHECK(speak(**flite, "hello", {media::Encoding::mulaw, 16'000}).error().code == "unsupported");
  CHECK(speak(**flite, "hello", {media::Encoding::mulaw, 24'000}).error().code == "unsupported");
  for (const std::uint32_t rate : {0U, 11'025U, 44'100U, 48'000U}) {
    CHECK(speak(**flite, "hello", {media::Encoding::pcm16, rate}).error().code == "unsupported");
  }
  CHECK(speak(**flite, " \n ")->empty());
  CHECK(speak(**flite, "")->empty());
}

TEST_CASE("a full queue refuses, and two synthesizers may speak at once") {
  const auto flite = adapters::make_flite_synthesizer({"slt", 0, 1});
  const auto other = adapters::make_flite_synthesizer({"rms", 0, 64});
  const auto answers = speak_all(**flite, std::vector<std::string>(8, "one two three four five six seven"), {});
  const auto refused = [](const auto& answer) { return !answer && answer.error().code == "overloaded"; };
  CHECK(std::ranges::any_of(answers, refused));
  CHECK(std::ranges::any_of(answers, [](const auto& answer) { return answer.has_value(); }));
  for (const auto& answer : speak_all(**other, {"one", "two", "three"}, {})) CHECK(answer.has_value());
}

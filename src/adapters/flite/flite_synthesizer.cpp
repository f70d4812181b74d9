#include <trunkline/adapters/flite_synthesizer.hpp>
#include <trunkline/base/thread_pool.hpp>
#include <trunkline/media/g711.hpp>

#include <adapters/flite/flite_voice.hpp>
#include <adapters/flite/phrase_cache.hpp>
#include <adapters/rate_change.hpp>

namespace trunkline::adapters {
namespace {

using media::Encoding;
using Audio = std::vector<std::uint8_t>;

constexpr std::size_t max_text_bytes = 4'096;

bool can_make(media::Format format) {
  if (format.encoding == Encoding::mulaw) return format.sample_rate == 8'000;
  return format.sample_rate == 8'000 || format.sample_rate == 16'000 || format.sample_rate == 24'000;
}

Audio encode(const std::vector<std::int16_t>& samples, Encoding encoding) {
  Audio audio(samples.size() * media::Format{encoding}.sample_bytes());
  if (encoding == Encoding::mulaw) {
    media::encode_mulaw(samples, audio.data());
    return audio;
  }
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto bits = static_cast<std::uint16_t>(samples[i]);
    audio[2 * i] = static_cast<std::uint8_t>(bits & 0xFF);
    audio[2 * i + 1] = static_cast<std::uint8_t>(bits >> 8);
  }
  return audio;
}

std::string cache_key(const std::string& text, media::Format format) {
  return std::to_string(static_cast<int>(format.encoding)) + ' ' + std::to_string(format.sample_rate) + ' ' + text;
}

class FliteSynthesizer final : public speech::Synthesizer {
 public:
  explicit FliteSynthesizer(const FliteOptions& options)
      : voice_(options.voice), cache_(options.cache_bytes), pool_("flite", 1, options.queue_limit) {}

  asio::awaitable<Result<Audio>> speak(std::string text, media::Format format) override {
    if (text.size() > max_text_bytes) {
      co_return make_error("text_too_long",
                           "at most " + std::to_string(max_text_bytes) + " bytes can be spoken at once");
    }
    if (!can_make(format)) {
      co_return make_error("unsupported", "speech is made as mu-law at 8 kHz, or PCM at 8, 16 or 24 kHz");
    }
    const auto key = cache_key(text, format);
    if (auto cached = cache_.find(key)) co_return std::move(*cached);
    auto spoken =
        co_await offload(pool_, [this, &text, format]() -> Result<Audio> { return synthesize(text, format); });
    if (spoken) cache_.keep(key, *spoken);
    co_return spoken;
  }

 private:
  Result<Audio> synthesize(const std::string& text, media::Format format) const {
    auto samples = speak_with_flite(voice_, text);
    if (!samples) return samples.error();
    if (format.sample_rate != flite_sample_rate)
      *samples = change_rate(*samples, flite_sample_rate, format.sample_rate);
    return encode(*samples, format.encoding);
  }

  const std::string voice_;
  PhraseCache cache_;
  ThreadPool pool_;
};

}  // namespace

Result<std::unique_ptr<speech::Synthesizer>> make_flite_synthesizer(const FliteOptions& options) {
  if (!has_flite_voice(options.voice)) {
    return make_error("unsupported", "there is no voice '" + options.voice + "'; there are slt and rms");
  }
  return std::unique_ptr<speech::Synthesizer>(std::make_unique<FliteSynthesizer>(options));
}

}  // namespace trunkline::adapters

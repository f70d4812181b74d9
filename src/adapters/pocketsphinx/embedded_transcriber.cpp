#include <trunkline/adapters/embedded_transcriber.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/base/thread_pool.hpp>

#include <adapters/pocketsphinx/embedded_sink.hpp>
#include <adapters/pocketsphinx/model_folder.hpp>
#include <adapters/pocketsphinx/pronunciations.hpp>

namespace trunkline::adapters {
namespace {

bool can_hear(media::Format format) {
  if (format.encoding == media::Encoding::mulaw) return format.sample_rate == 8'000;
  return format.sample_rate == 8'000 || format.sample_rate == 16'000 || format.sample_rate == 24'000;
}

class PocketsphinxTranscriber final : public EmbeddedTranscriber {
 public:
  PocketsphinxTranscriber(Pronunciations dictionary, const ModelFolder& model, const EmbeddedOptions& options)
      : dictionary_(std::move(dictionary)),
        recognisers_(model, options.max_decoders),
        pool_("speech", options.threads, options.max_decoders) {}

  Result<> warm_up() {
    auto vocabulary = Vocabulary::make(dictionary_, {});
    if (!vocabulary) return vocabulary.error();
    const auto lease = recognisers_.lease(*vocabulary);
    if (!lease) return make_error("engine_unavailable", "the embedded speech engine is allowed no decoder");
    const auto recogniser = lease->recogniser();
    if (!recogniser) return recogniser.error();
    return {};
  }

  std::string_view engine() const override { return "embedded"; }

  EmbeddedCounts counts() const override { return {judged_.all, judged_.rejected}; }

  Result<std::shared_ptr<media::Sink>> open(const speech::TranscribeRequest& request,
                                            std::shared_ptr<speech::TranscriptListener> listener) override {
    if (auto spoken = check_embedded_language(request.language); !spoken) return spoken.error();
    if (!can_hear(request.format)) {
      return make_error("unsupported", "the embedded engine takes mu-law at 8 kHz, or PCM at 8, 16 or 24 kHz");
    }
    auto vocabulary = Vocabulary::make(dictionary_, request.phrases);
    if (!vocabulary) return vocabulary.error();
    EmbeddedSink::Leases leases;
    for (std::size_t i = 0; i < request.tracks.size(); ++i) {
      auto lease = recognisers_.lease(*vocabulary);
      if (!lease) return make_error("engine_busy", "all decoders of the embedded speech engine are in use");
      leases.push_back(std::move(lease));
    }
    return std::shared_ptr<media::Sink>(
        std::make_shared<EmbeddedSink>(request, std::move(leases), std::move(listener), pool_, judged_));
  }

 private:
  const Pronunciations dictionary_;
  RecogniserPool recognisers_;
  JudgedUtterances judged_;
  ThreadPool pool_;  // last: its jobs use all of the above
};

}  // namespace

Result<std::unique_ptr<EmbeddedTranscriber>> make_embedded_transcriber(const EmbeddedOptions& options) {
  auto model = make_telephone_model(options.model_dir, options.scratch_dir);
  if (!model) return model.error();
  auto dictionary = Pronunciations::load(model->dictionary);
  if (!dictionary) return dictionary.error();
  auto made = std::make_unique<PocketsphinxTranscriber>(std::move(*dictionary), *model, options);
  if (auto warm = made->warm_up(); !warm) return warm.error();
  return std::unique_ptr<EmbeddedTranscriber>(std::move(made));
}

Result<> check_embedded_language(std::string_view language) {
  if (text::iequals(language.substr(0, language.find('-')), "en")) return {};
  return make_error("unsupported", "the embedded engine understands English only, not " + std::string(language));
}

Result<PhraseCheck> make_phrase_check(const std::filesystem::path& model_dir) {
  auto loaded = Pronunciations::load(dictionary_of(model_dir));
  if (!loaded) return loaded.error();
  const auto dictionary = std::make_shared<const Pronunciations>(std::move(*loaded));
  return PhraseCheck([dictionary](std::span<const std::string> phrases) -> Result<> {
    const auto vocabulary = Vocabulary::make(*dictionary, phrases);
    if (!vocabulary) return vocabulary.error();
    return {};
  });
}

}  // namespace trunkline::adapters

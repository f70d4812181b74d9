#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/speech/transcriber.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace trunkline::adapters {

struct EmbeddedOptions {
  std::filesystem::path model_dir = "/usr/share/pocketsphinx/model/en-us";
  std::filesystem::path scratch_dir;  ///< writable; the telephone variant of the model is made in it
  std::size_t max_decoders = 8;       ///< tracks transcribed at once; about 9 MB and 4 % of a core each
  std::size_t threads = 2;
};

/// Since the start, for metrics.
struct EmbeddedCounts {
  std::uint64_t utterances = 0;  ///< stretches of speech that were judged
  std::uint64_t rejected = 0;    ///< of these: not in the vocabulary, no segment was made
};

/// Speech-to-text without network or account: pocketsphinx in grammar mode, for the telephone.
///
/// It understands digits, yes and no, a fixed set of menu commands and the phrases of the request, in English, and
/// nothing else; other speech is rejected, not guessed at. Digits come out as figures (`427`), the rest as spoken.
/// `confidence` grows from 0.5 at the point of rejection towards 1; it orders results and is not a probability.
/// Segments are always final. How well it works is measured in docs/speech.md.
///
/// open() takes tracks of mu-law at 8 kHz, or PCM at 8, 16 or 24 kHz, of which it hears what a telephone line would
/// leave. Its errors: `engine_busy`; `unsupported` for a language other than English, another format, or a phrase with
/// a word that the dictionary lacks. Must outlive the sinks it opened.
class EmbeddedTranscriber : public speech::Transcriber {
 public:
  virtual EmbeddedCounts counts() const = 0;
};

/// Loads the dictionary and warms one decoder up, so that a missing model shows at start. Error `engine_unavailable`.
Result<std::unique_ptr<EmbeddedTranscriber>> make_embedded_transcriber(const EmbeddedOptions& options);

/// What open() would say to a route, for configuration checks: no engine is needed. Error `unsupported`.
Result<> check_embedded_language(std::string_view language);
using PhraseCheck = std::function<Result<>(std::span<const std::string> phrases)>;
/// Loads the dictionary. Error `engine_unavailable`: it is not there.
Result<PhraseCheck> make_phrase_check(const std::filesystem::path& model_dir);

}  // namespace trunkline::adapters

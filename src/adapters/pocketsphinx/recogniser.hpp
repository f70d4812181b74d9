#pragma once

#include <trunkline/base/result.hpp>

#include <adapters/pocketsphinx/model_folder.hpp>
#include <adapters/pocketsphinx/vocabulary.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct ps_decoder_s;

namespace trunkline::adapters {

/// What a recogniser made of one utterance.
struct Heard {
  std::string words;        ///< the best sentence of the grammar, in lower case; empty when none fits at all
  double margin = 0;        ///< score a frame of that sentence less that of any phones at all; nearer 0 is better
  int longest_word_ms = 0;  ///< of that sentence
};

/// Two pocketsphinx decoders over the same audio: one that knows only the vocabulary's grammar, and one that hears any
/// phones, by which the first is judged (a grammar decoder always answers, also to speech it was not made for).
///
/// The cepstral mean goes on from utterance to utterance of one call. About 9 MB; 20 to 80 ms to make; one thread at a
/// time.
class Recogniser {
 public:
  /// Error `engine_unavailable`.
  static Result<std::unique_ptr<Recogniser>> make(const ModelFolder& model,
                                                  std::shared_ptr<const Vocabulary> vocabulary);

  /// `utterance` at 8 kHz.
  Heard hear(std::span<const std::int16_t> utterance);
  /// Forgets the call: the next utterance is met as the first one was.
  void reset();

  const Vocabulary& vocabulary() const { return *vocabulary_; }

 private:
  struct Free {
    void operator()(ps_decoder_s* decoder) const;
  };
  using Decoder = std::unique_ptr<ps_decoder_s, Free>;

  Recogniser(Decoder grammar, Decoder phones, std::shared_ptr<const Vocabulary> vocabulary);

  Decoder grammar_;
  Decoder phones_;
  std::shared_ptr<const Vocabulary> vocabulary_;
  std::vector<float> initial_mean_;
};

}  // namespace trunkline::adapters

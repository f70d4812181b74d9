#pragma once

#include <trunkline/base/result.hpp>

#include <adapters/pocketsphinx/pronunciations.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::adapters {

/// What kind of thing was said: each is judged by a threshold of its own.
enum class Kind : std::uint8_t { digits, answer, phrase };

/// All that one stream's recogniser may hear: digits, yes and no, the menu commands that every call understands and the
/// phrases of its route; as a JSGF grammar with the dictionary cut to its words. Immutable.
class Vocabulary {
 public:
  /// Error `unsupported`, naming the word, when a phrase holds one that the dictionary cannot pronounce, or naming the
  /// limit that the phrases exceed.
  static Result<std::shared_ptr<const Vocabulary>> make(const Pronunciations& dictionary,
                                                        std::span<const std::string> phrases);

  const std::string& grammar() const { return grammar_; }
  const std::vector<Pronunciation>& words() const { return words_; }

  /// Of a whole utterance that the grammar produced.
  static Kind kind_of(std::string_view utterance);
  /// The utterance as it is written down: `four two seven` becomes `427`, anything else stays.
  static std::string written(std::string_view utterance);

 private:
  Vocabulary() = default;

  std::string grammar_;
  std::vector<Pronunciation> words_;
};

}  // namespace trunkline::adapters

#pragma once

#include <trunkline/base/result.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::adapters {

/// One way to say a word: `word` as the dictionary writes it (`one`, `one(2)`), `phones` in ARPAbet.
struct Pronunciation {
  std::string word;
  std::string phones;
};

/// A pronouncing dictionary in the format of CMUdict, lower case. Immutable; any thread.
class Pronunciations {
 public:
  /// Error `engine_unavailable` when the file cannot be read.
  static Result<Pronunciations> load(const std::filesystem::path& file);
  explicit Pronunciations(std::string text);

  /// Every way to say `word`; empty when the dictionary does not know it.
  std::vector<Pronunciation> of(std::string_view word) const;

 private:
  std::optional<Pronunciation> find(std::string_view entry) const;

  std::vector<char> text_;               // a vector's storage stays where it is when the object is moved
  std::vector<std::string_view> lines_;  // into text_, sorted by their first word
};

}  // namespace trunkline::adapters

#pragma once

#include <cstddef>
#include <string>

namespace bench {

/// What became of utterances of one kind.
struct Tally {
  std::size_t utterances = 0;
  std::size_t wrong = 0;    ///< something else was heard, also when nothing should have been
  std::size_t missing = 0;  ///< nothing was heard
  std::size_t words = 0;
  std::size_t word_errors = 0;  ///< words replaced, left out or put in

  /// An empty `expected` must not be heard at all.
  void count(const std::string& expected, const std::string& heard);
};

/// 0 of nothing.
double percent(std::size_t part, std::size_t whole);

}  // namespace bench

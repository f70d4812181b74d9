#include "score.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace bench {
namespace {

using Words = std::vector<std::string>;

// Figures count one word each.
Words words_of(const std::string& text) {
  Words words;
  std::string word;
  for (const char c : text + " ") {
    const bool figure = c >= '0' && c <= '9';
    if ((c == ' ' || figure) && !word.empty()) words.push_back(std::exchange(word, {}));
    if (figure) {
      words.emplace_back(1, c);
    } else if (c != ' ') {
      word += c;
    }
  }
  return words;
}

std::size_t edit_distance(const Words& a, const Words& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({replaced, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row.back();
}

}  // namespace

void Tally::count(const std::string& expected, const std::string& heard) {
  const auto right = words_of(expected);
  ++utterances;
  if (heard.empty() && !expected.empty()) ++missing;
  if (!heard.empty() && heard != expected) ++wrong;
  words += right.size();
  word_errors += edit_distance(right, words_of(heard));
}

double percent(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace bench

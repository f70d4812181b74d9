#include <adapters/pocketsphinx/judgement.hpp>
#include <cmath>

namespace trunkline::adapters {
namespace {

// Score units a frame, from the distributions of right answers and of off-grammar speech over telephone-band speech
// (docs/speech.md says which); digits are what foreign speech is most often taken for.
double least_margin(Kind kind) {
  switch (kind) {
    case Kind::digits:
      return -19;
    case Kind::answer:
      return -21;
    case Kind::phrase:
      return -19;
  }
  return 0;
}

constexpr double spread = 4;

// In noise the grammar fits as well as free phones do, but what it fits is one word for seconds, or for no time.
bool could_be_spoken(const Heard& heard) {
  return heard.longest_word_ms >= 100 && heard.longest_word_ms <= 1'200;
}

}  // namespace

std::optional<double> confidence_in(const Heard& heard) {
  if (heard.words.empty() || !could_be_spoken(heard)) return std::nullopt;
  const double above = heard.margin - least_margin(Vocabulary::kind_of(heard.words));
  if (above <= 0) return std::nullopt;
  return 1 / (1 + std::exp(-above / spread));
}

}  // namespace trunkline::adapters

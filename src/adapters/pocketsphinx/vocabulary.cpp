#include <trunkline/base/text.hpp>

#include <adapters/pocketsphinx/vocabulary.hpp>
#include <algorithm>
#include <array>
#include <optional>
#include <set>

namespace trunkline::adapters {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t max_phrases = 200;
constexpr std::size_t max_words = 12;  // of one phrase

// "oh" for zero is left out: in telephone audio it is heard everywhere (docs/speech.md).
constexpr std::array digits = {"zero"sv, "one"sv, "two"sv,   "three"sv, "four"sv,
                               "five"sv, "six"sv, "seven"sv, "eight"sv, "nine"sv};

constexpr std::array answers = {"yes"sv,       "yes please"sv,    "yeah"sv,  "yep"sv,          "sure"sv,
                                "correct"sv,   "that is right"sv, "okay"sv,  "no"sv,           "no thank you"sv,
                                "no thanks"sv, "nope"sv,          "wrong"sv, "that is wrong"sv};

constexpr std::array openings = {"i would like to"sv, "i want to"sv, "can i"sv,
                                 "please"sv,          "could you"sv, "i need to"sv};

constexpr std::array commands = {"check my balance"sv,
                                 "check my account balance"sv,
                                 "transfer money"sv,
                                 "make a payment"sv,
                                 "pay my bill"sv,
                                 "report a lost card"sv,
                                 "report a stolen card"sv,
                                 "speak to an operator"sv,
                                 "speak with an agent"sv,
                                 "talk to a person"sv,
                                 "open an account"sv,
                                 "close my account"sv,
                                 "change my address"sv,
                                 "reset my password"sv,
                                 "hear my last transactions"sv,
                                 "find a branch"sv,
                                 "opening hours"sv,
                                 "repeat that"sv,
                                 "main menu"sv,
                                 "go back"sv,
                                 "help"sv,
                                 "cancel"sv,
                                 "goodbye"sv};

std::vector<std::string_view> words_of(std::string_view utterance) {
  auto words = text::split(utterance, ' ');
  std::erase(words, std::string_view{});
  return words;
}

std::optional<std::size_t> digit_value(std::string_view word) {
  const auto digit = std::ranges::find(digits, word);
  if (digit == digits.end()) return std::nullopt;
  return static_cast<std::size_t>(digit - digits.begin());
}

// What a word of CMUdict is made of; parentheses and JSGF's own characters stay out.
bool is_word(std::string_view word) {
  return std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '\'' || c == '.' || c == '-';
  });
}

void append_rule(std::string& grammar, std::string_view name, std::span<const std::string_view> alternatives) {
  grammar.append("<").append(name).append("> = ");
  for (std::size_t i = 0; i < alternatives.size(); ++i) {
    grammar.append(i == 0 ? "" : " | ").append(alternatives[i]);
  }
  grammar.append(";\n");
}

Result<std::vector<std::string>> normalised(std::span<const std::string> phrases) {
  if (phrases.size() > max_phrases) {
    return make_error("unsupported", "the embedded engine takes at most " + std::to_string(max_phrases) + " phrases");
  }
  std::vector<std::string> out;
  for (const auto& phrase : phrases) {
    const auto lowered = text::lower(phrase);
    std::string clean;
    const auto words = words_of(lowered);
    if (words.empty() || words.size() > max_words) {
      return make_error("unsupported",
                        "a phrase for the embedded engine has 1 to " + std::to_string(max_words) + " words: " + phrase);
    }
    for (const auto word : words) clean.append(clean.empty() ? "" : " ").append(word);
    out.push_back(std::move(clean));
  }
  return out;
}

}  // namespace

Result<std::shared_ptr<const Vocabulary>> Vocabulary::make(const Pronunciations& dictionary,
                                                           std::span<const std::string> phrases) {
  const auto own = normalised(phrases);
  if (!own) return own.error();
  std::vector<std::string_view> said(commands.begin(), commands.end());
  said.insert(said.end(), own->begin(), own->end());

  std::shared_ptr<Vocabulary> made(new Vocabulary);
  made->grammar_ =
      "#JSGF V1.0;\ngrammar trunkline;\n"
      "public <utterance> = <digits> | <answer> | <command>;\n"
      "<digits> = <digit> <digit>*;\n"
      "<command> = [<opening>] <phrase> [please];\n";
  append_rule(made->grammar_, "digit", digits);
  append_rule(made->grammar_, "answer", answers);
  append_rule(made->grammar_, "opening", openings);
  append_rule(made->grammar_, "phrase", said);

  said.insert(said.end(), digits.begin(), digits.end());
  said.insert(said.end(), answers.begin(), answers.end());
  said.insert(said.end(), openings.begin(), openings.end());
  std::set<std::string_view> words;
  for (const auto phrase : said) {
    for (const auto word : words_of(phrase)) words.insert(word);
  }
  for (const auto word : words) {
    auto ways = is_word(word) ? dictionary.of(word) : std::vector<Pronunciation>{};
    if (ways.empty()) {
      return make_error("unsupported", "the embedded engine does not know how '" + std::string(word) + "' is said");
    }
    std::ranges::move(ways, std::back_inserter(made->words_));
  }
  return std::shared_ptr<const Vocabulary>(std::move(made));
}

Kind Vocabulary::kind_of(std::string_view utterance) {
  if (std::ranges::find(answers, utterance) != answers.end()) return Kind::answer;
  const auto words = words_of(utterance);
  return std::ranges::all_of(words, [](auto word) { return digit_value(word).has_value(); }) ? Kind::digits
                                                                                             : Kind::phrase;
}

std::string Vocabulary::written(std::string_view utterance) {
  if (kind_of(utterance) != Kind::digits) return std::string(utterance);
  std::string figures;
  for (const auto word : words_of(utterance)) figures += static_cast<char>('0' + *digit_value(word));
  return figures;
}

}  // namespace trunkline::adapters

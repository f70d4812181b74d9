#include <catch2/catch.hpp>

#include <adapters/pocketsphinx/vocabulary.hpp>
#include <algorithm>

using namespace trunkline::adapters;

namespace {

const Pronunciations& cmudict() {
  static const auto loaded = Pronunciations::load("/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict");
  return *loaded;
}

bool knows(const Vocabulary& vocabulary, std::string_view word) {
  return std::ranges::find(vocabulary.words(), word, &Pronunciation::word) != vocabulary.words().end();
}

}  // namespace

TEST_CASE("every way to say a word is found, and no other word") {
  const Pronunciations small("one W AH N\none's W AH N Z\none(2) HH W AH N\ntwo T UW\n");
  const auto ways = small.of("one");
  REQUIRE(ways.size() == 2);
  CHECK(ways[0].word == "one");
  CHECK(ways[0].phones == "W AH N");
  CHECK(ways[1].word == "one(2)");
  CHECK(ways[1].phones == "HH W AH N");
  CHECK(small.of("on").empty());
  CHECK(small.of("").empty());
  CHECK(Pronunciations("").of("one").empty());
}

TEST_CASE("a missing dictionary is an error") {
  const auto loaded = Pronunciations::load("/nonexistent/dictionary");
  REQUIRE_FALSE(loaded.has_value());
  CHECK(loaded.error().code == "engine_unavailable");
}

TEST_CASE("the vocabulary holds digits, answers, commands and the route's phrases, and only their words") {
  const std::vector<std::string> phrases = {"  Order   a PIZZA "};
  const auto made = Vocabulary::make(cmudict(), phrases);
  REQUIRE(made.has_value());
  const auto& vocabulary = **made;
  CHECK(vocabulary.grammar().find("| order a pizza;") != std::string::npos);
  for (const auto* word : {"seven", "yes", "balance", "pizza", "order"}) CHECK(knows(vocabulary, word));
  for (const auto* word : {"oh", "zebra"}) CHECK_FALSE(knows(vocabulary, word));
}

TEST_CASE("a word that nobody knows how to say is named") {
  const std::vector<std::string> phrases = {"main menu", "call trunkleberry"};
  const auto made = Vocabulary::make(cmudict(), phrases);
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().code == "unsupported");
  CHECK(made.error().message.find("'trunkleberry'") != std::string::npos);
}

TEST_CASE("a phrase cannot write grammar") {
  for (const std::string bad : {"yes; public <x> = no", "one(2)", "<digit>", "a | b", "", "   "}) {
    INFO(bad);
    const std::vector<std::string> phrases = {bad};
    CHECK_FALSE(Vocabulary::make(cmudict(), phrases).has_value());
  }
}

TEST_CASE("phrases are limited in number and length") {
  CHECK_FALSE(Vocabulary::make(cmudict(), std::vector<std::string>(201, "help")).has_value());
  CHECK(Vocabulary::make(cmudict(), std::vector<std::string>(200, "help")).has_value());
  CHECK_FALSE(Vocabulary::make(cmudict(), std::vector<std::string>{"a a a a a a a a a a a a a"}).has_value());
}

TEST_CASE("digits are written as figures and the rest as spoken") {
  CHECK(Vocabulary::written("four two seven") == "427");
  CHECK(Vocabulary::written("zero") == "0");
  CHECK(Vocabulary::written("yes please") == "yes please");
  CHECK(Vocabulary::written("check my balance") == "check my balance");
  CHECK(Vocabulary::kind_of("nine") == Kind::digits);
  CHECK(Vocabulary::kind_of("no thank you") == Kind::answer);
  CHECK(Vocabulary::kind_of("please go back") == Kind::phrase);
}

#include <catch2/catch.hpp>

#include <adapters/pocketsphinx/judgement.hpp>

using trunkline::adapters::confidence_in;

TEST_CASE("nothing heard is rejected") {
  CHECK_FALSE(confidence_in({"", 0, 0}));
}

TEST_CASE("a bad fit is rejected, and digits sooner than an answer") {
  CHECK_FALSE(confidence_in({"four two", -30, 400}));
  CHECK_FALSE(confidence_in({"four two", -20, 400}));
  CHECK(confidence_in({"yes", -20, 400}));
  CHECK_FALSE(confidence_in({"yes", -22, 400}));
  CHECK_FALSE(confidence_in({"main menu", -20, 400}));
}

TEST_CASE("confidence grows with the fit, from a half to one") {
  const auto poor = confidence_in({"main menu", -18.9, 400});
  const auto good = confidence_in({"main menu", -5, 400});
  REQUIRE(poor);
  REQUIRE(good);
  CHECK(*poor > 0.5);
  CHECK(*poor < 0.55);
  CHECK(*good > 0.95);
  CHECK(*good <= 1);
}

TEST_CASE("a word that takes seconds or no time is none, however well it fits") {
  CHECK(confidence_in({"help", -1, 200}));
  CHECK(confidence_in({"help", -1, 1'200}));
  CHECK_FALSE(confidence_in({"help", -1, 1'210}));
  CHECK_FALSE(confidence_in({"help", -1, 90}));
}

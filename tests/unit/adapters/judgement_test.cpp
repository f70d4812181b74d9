#include <catch2/catch.hpp>

#include <adapters/pocketsphinx/judgement.hpp>

using trunkline::adapters::confidence_in;

TEST_CASE("nothing heard is rejected") {
  CHECK_FALSE(confidence_in({"", 0}));
}

TEST_CASE("a bad fit is rejected, and digits sooner than an answer") {
  CHECK_FALSE(confidence_in({"four two", -30}));
  CHECK_FALSE(confidence_in({"four two", -20}));
  CHECK(confidence_in({"yes", -20}));
  CHECK_FALSE(confidence_in({"yes", -22}));
  CHECK_FALSE(confidence_in({"main menu", -20}));
}

TEST_CASE("confidence grows with the fit, from a half to one") {
  const auto poor = confidence_in({"main menu", -18.9});
  const auto good = confidence_in({"main menu", -5});
  REQUIRE(poor);
  REQUIRE(good);
  CHECK(*poor > 0.5);
  CHECK(*poor < 0.55);
  CHECK(*good > 0.95);
  CHECK(*good <= 1);
}

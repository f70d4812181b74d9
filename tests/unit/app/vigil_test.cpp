#include "app/vigil.hpp"

#include <catch2/catch.hpp>

namespace trunkline::app {
namespace {

using Beats = std::vector<store::NodeBeat>;

std::size_t gone(Vigil& vigil, const Beats& others) {
  return vigil.look(others).size();
}

TEST_CASE("a node is gone when its beat stands still in as many looks as patience has") {
  Vigil vigil(3);
  CHECK(gone(vigil, {{"node_1", 7}}) == 0);
  CHECK(gone(vigil, {{"node_1", 7}}) == 0);
  CHECK(gone(vigil, {{"node_1", 7}}) == 0);
  const Beats last = {{"node_1", 7}, {"node_2", 1}};
  const auto found = vigil.look(last);
  REQUIRE(found.size() == 1);
  CHECK(found.front().id == "node_1");
  CHECK(found.front().beat == 7);
  CHECK(gone(vigil, last) == 1);  // until somebody has seen to it
}

TEST_CASE("a beat, or an absence, starts patience anew") {
  Vigil vigil(2);
  for (std::int64_t beat = 1; beat < 20; ++beat) CHECK(gone(vigil, {{"node_1", beat / 2}}) == 0);
  CHECK(gone(vigil, {}) == 0);
  CHECK(gone(vigil, {{"node_1", 9}}) == 0);
  CHECK(gone(vigil, {{"node_1", 9}}) == 0);
  CHECK(gone(vigil, {{"node_1", 9}}) == 1);
}

}  // namespace
}  // namespace trunkline::app

#include "observe/labelled.hpp"

#include <catch2/catch.hpp>
#include <prometheus/counter.h>
#include <prometheus/registry.h>

using trunkline::observe::Labelled;

namespace {

struct Fixture {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& family = prometheus::BuildCounter().Name("n").Help("h").Register(registry);
  Labelled<prometheus::Counter> series{
      {"a", "b"}, 2, [this](const prometheus::Labels& labels) -> prometheus::Counter& { return family.Add(labels); }};
};

}  // namespace

TEST_CASE("the same labels are the same series") {
  Fixture f;
  CHECK(&f.series.at({"x", "y"}) == &f.series.at({"x", "y"}));
  CHECK(&f.series.at({"x", "y"}) != &f.series.at({"y", "x"}));
  CHECK(f.family.Has({{"a", "x"}, {"b", "y"}}));
}

TEST_CASE("beyond the limit all new labels are one series, and the old stay themselves") {
  Fixture f;
  auto& first = f.series.at({"1", ""});
  f.series.at({"2", ""});
  auto& third = f.series.at({"3", ""});
  CHECK(&third == &f.series.at({"4", ""}));
  CHECK(&first == &f.series.at({"1", ""}));
  CHECK(f.family.Has({{"a", "other"}, {"b", "other"}}));
  CHECK_FALSE(f.family.Has({{"a", "3"}, {"b", ""}}));
}

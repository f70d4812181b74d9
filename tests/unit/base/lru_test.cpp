#include <trunkline/base/lru.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using trunkline::Lru;

TEST_CASE("what was used longest ago goes first, and is told of") {
  Lru<int> lru(2);
  std::vector<int> dropped;
  const auto put = [&](const std::string& name, int value) {
    lru.put(name, value, [&](const int& gone) { dropped.push_back(gone); });
  };
  put("one", 1);
  put("two", 2);
  REQUIRE(lru.find("one") != nullptr);
  put("three", 3);
  CHECK(dropped == std::vector{2});
  CHECK(lru.find("two") == nullptr);
  CHECK(*lru.find("one") == 1);
  put("one", 11);
  put("four", 4);
  CHECK(dropped == std::vector{2, 3});
  CHECK(*lru.find("one") == 11);
  CHECK(lru.size() == 2);
}

TEST_CASE("what was erased makes room, and its name may come again") {
  Lru<std::string> lru(2);
  lru.put("one", "1");
  lru.put("two", "2");
  lru.erase("one");
  lru.erase("none");
  lru.put("three", "3");
  CHECK(lru.find("one") == nullptr);
  CHECK(*lru.find("two") == "2");
  lru.clear();
  CHECK(lru.size() == 0);
  lru.put("two", "again");
  CHECK(*lru.find("two") == "again");
}

TEST_CASE("where nothing may be, nothing is") {
  Lru<int> lru(0);
  lru.put("one", 1);
  CHECK(lru.find("one") == nullptr);
  CHECK(lru.size() == 0);
}

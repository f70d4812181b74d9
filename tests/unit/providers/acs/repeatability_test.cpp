#include <trunkline/providers/acs/repeatability.hpp>

#include <catch2/catch.hpp>

#include <set>
#include <string>

using trunkline::providers::acs::uuid_of;

TEST_CASE("a key names a request for good, by a UUID of version 4") {
  CHECK(uuid_of("call_1:answer") == uuid_of("call_1:answer"));
  // SHA-256 of nothing is e3b0c442 98fc1c14 9afbf4c8 996fb924 ...
  CHECK(uuid_of("") == "e3b0c442-98fc-4c14-9afb-f4c8996fb924");
  std::set<std::string> all;
  for (int i = 0; i < 1'000; ++i) {
    const std::string id = uuid_of(std::to_string(i));
    REQUIRE(id.size() == 36);
    CHECK(id[14] == '4');
    CHECK(std::string("89ab").find(id[19]) != std::string::npos);
    all.insert(id);
  }
  CHECK(all.size() == 1'000);
}

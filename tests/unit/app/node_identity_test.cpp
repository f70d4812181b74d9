#include "app/node_identity.hpp"

#include "support/manual_clock.hpp"
#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <fstream>

namespace trunkline::app {
namespace {

struct IdentityFixture {
  test::TemporaryFolder folder;
  test::ManualClock clock;
  std::unique_ptr<Ids> ids = make_ids(clock);

  Result<NodeIdentity> take() { return NodeIdentity::take(folder / "data", *ids); }
};

TEST_CASE_METHOD(IdentityFixture, "a node keeps its name with its data folder") {
  std::string id;
  {
    const auto first = take();
    REQUIRE(first.has_value());
    id = first->id();
  }
  CHECK(id.starts_with("node_"));
  CHECK(take().value().id() == id);
}

TEST_CASE_METHOD(IdentityFixture, "two processes cannot have one data folder") {
  const auto first = take();
  REQUIRE(first.has_value());
  CHECK(take().error().code == "data_dir_in_use");
}

TEST_CASE_METHOD(IdentityFixture, "a name that is none is not taken for one") {
  for (const std::string text : {"", "node_", "node_short", "call_01ARZ3NDEKTSV4RRFFQ69G5FAV"}) {
    std::filesystem::create_directories(folder / "data");
    std::ofstream(folder.path() / "data" / "node_id") << text;
    CHECK(take().error().code == "node_id_invalid");
  }
}

}  // namespace
}  // namespace trunkline::app

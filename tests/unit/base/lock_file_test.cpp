#include "support/temporary_folder.hpp"

#include <trunkline/base/lock_file.hpp>

#include <catch2/catch.hpp>

#include <unistd.h>

#include <fstream>
#include <optional>

namespace trunkline {
namespace {

TEST_CASE("a lock is held once, and the refusal names the holder") {
  const test::TemporaryFolder folder;
  auto held = LockFile::take(folder / "calls.db.lock");
  REQUIRE(held.has_value());
  const auto refused = LockFile::take(folder / "calls.db.lock");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == "data_dir_in_use");
  CHECK(refused.error().message == "the data folder is in use by process " + std::to_string(::getpid()));
}

TEST_CASE("a holder whose number cannot be read is still refused") {
  const test::TemporaryFolder folder;
  const auto held = LockFile::take(folder / "lock");
  REQUIRE(held.has_value());
  std::ofstream(folder / "lock", std::ios::trunc) << "who knows";
  const auto refused = LockFile::take(folder / "lock");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message == "the data folder is in use by another process");
}

TEST_CASE("a lock that was let go can be taken again, also when a longer number was left in it") {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "lock") << "123456789012345\n";
  {
    REQUIRE(LockFile::take(folder / "lock").has_value());
  }
  const auto held = LockFile::take(folder / "lock");
  REQUIRE(held.has_value());
  std::string pid;
  std::ifstream(folder / "lock") >> pid;
  CHECK(pid == std::to_string(::getpid()));
}

TEST_CASE("a moved lock stays held until its new owner goes") {
  const test::TemporaryFolder folder;
  auto first = LockFile::take(folder / "lock");
  REQUIRE(first.has_value());
  {
    const LockFile owner(std::move(*first));
    CHECK_FALSE(LockFile::take(folder / "lock").has_value());
  }
  CHECK(LockFile::take(folder / "lock").has_value());
}

TEST_CASE("a lock file that cannot be made is store_unavailable") {
  const test::TemporaryFolder folder;
  const auto lock = LockFile::take(folder / "missing/lock");
  REQUIRE_FALSE(lock.has_value());
  CHECK(lock.error().code == "store_unavailable");
  CHECK_THAT(lock.error().detail, Catch::Contains("No such file"));
}

}  // namespace
}  // namespace trunkline

#include "support/temporary_folder.hpp"

#include <trunkline/auth/secret.hpp>

#include <catch2/catch.hpp>

#include <fstream>
#include <set>
#include <thread>

using namespace trunkline;
using auth::load_or_create_secret;

TEST_CASE("the first call makes a secret that only we can read, and later calls read it") {
  const trunkline::test::TemporaryFolder folder;
  const auto ids = make_ids(system_clock());
  const auto made = load_or_create_secret(folder.path() / "new" / "data", *ids);
  REQUIRE(made.has_value());
  CHECK(made->size() == 64);
  CHECK(made->find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(load_or_create_secret(folder.path() / "new" / "data", *ids).value() == *made);

  using std::filesystem::perms;
  const auto file = folder.path() / "new" / "data" / "jwt_secret";
  CHECK(std::filesystem::status(file).permissions() == (perms::owner_read | perms::owner_write));
  std::set<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(file.parent_path()))
    left.insert(entry.path().filename());
  CHECK(left == std::set<std::string>{"jwt_secret"});
}

TEST_CASE("those who start at once agree on one secret") {
  const trunkline::test::TemporaryFolder folder;
  constexpr std::size_t starters = 8;
  std::vector<std::string> secrets(starters);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < starters; ++i) {
    threads.emplace_back([&, i] {
      const auto ids = make_ids(system_clock());
      secrets[i] = load_or_create_secret(folder.path(), *ids).value();
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(std::set<std::string>(secrets.begin(), secrets.end()).size() == 1);
}

TEST_CASE("a secret that an operator wrote is used without its newline, unless it is too short") {
  const trunkline::test::TemporaryFolder folder;
  const auto ids = make_ids(system_clock());
  std::ofstream(folder.path() / "jwt_secret") << "sixteen bytes ok\n";
  CHECK(load_or_create_secret(folder.path(), *ids).value() == "sixteen bytes ok");
  std::ofstream(folder.path() / "jwt_secret") << "short\n";
  CHECK(load_or_create_secret(folder.path(), *ids).error().code == "secret_invalid");
}

TEST_CASE("a data folder that cannot be written is an error that says what to do") {
  const trunkline::test::TemporaryFolder folder;
  const auto ids = make_ids(system_clock());
  std::ofstream(folder.path() / "file") << "in the way";
  const auto error = load_or_create_secret(folder.path() / "file" / "data", *ids).error();
  CHECK(error.code == "secret_unwritable");
  CHECK_THAT(error.message, Catch::Contains("JWT_SECRET"));
  std::filesystem::create_directory(folder.path() / "jwt_secret");
  CHECK(load_or_create_secret(folder.path(), *ids).error().code == "secret_unreadable");
}

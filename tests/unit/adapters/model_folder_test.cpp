#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <adapters/pocketsphinx/model_folder.hpp>
#include <fstream>
#include <iterator>

namespace fs = std::filesystem;
using trunkline::adapters::make_telephone_model;

namespace {

const fs::path installed = "/usr/share/pocketsphinx/model/en-us";

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("the telephone model links the installed one and has its own parameters, also the second time") {
  const trunkline::test::TemporaryFolder scratch;
  for (int round = 0; round < 2; ++round) {
    const auto made = make_telephone_model(installed, scratch.path());
    REQUIRE(made.has_value());
    CHECK(fs::is_symlink(made->acoustic / "mdef"));
    CHECK(content(made->acoustic / "feat.params").find("-cmninit 38.97,25.29,") != std::string::npos);
    CHECK(content(made->adaptation) == content(fs::path(TRUNKLINE_SOURCE_DIR) / "share/speech/telephone.mllr"));
    CHECK(fs::exists(made->phones));
    CHECK(fs::exists(made->dictionary));
  }
}

TEST_CASE("a model that is not installed is reported with the package that brings it") {
  const trunkline::test::TemporaryFolder scratch;
  const auto made = make_telephone_model(scratch.path() / "nothing", scratch.path());
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().code == "engine_unavailable");
  CHECK(made.error().message.find("pocketsphinx-en-us") != std::string::npos);
}

TEST_CASE("a scratch folder that cannot be made is reported") {
  const trunkline::test::TemporaryFolder scratch;
  std::ofstream(scratch.path() / "file") << "in the way";
  const auto made = make_telephone_model(installed, scratch.path() / "file");
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().code == "engine_unavailable");
}

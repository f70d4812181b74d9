#include "config/options.hpp"
#include "support/committed_file.hpp"
#include "unit/config/fake_inputs.hpp"

#include <catch2/catch.hpp>

using namespace trunkline::config;
using Catch::Contains;
using trunkline::config::test::with_yaml;

namespace {

std::string committed(const std::string& path) {
  return process_inputs().read_file(std::string(TRUNKLINE_SOURCE_DIR) + "/" + path).value();
}

}  // namespace

TEST_CASE("the committed reference is what the table says") {
  trunkline::test::check_committed("docs/configuration.md", configuration_markdown());
  trunkline::test::check_committed("config/.env.example", env_example());
}

TEST_CASE("every option is in the reference, with its secret file") {
  const std::string page = configuration_markdown();
  const std::string environment = env_example();
  for (const Option& option : options()) {
    CHECK_THAT(page, Contains("`" + std::string(option.name) + "`"));
    CHECK_THAT(page, Contains("`" + std::string(option.path) + "`"));
    CHECK_THAT(environment, Contains("\n#" + std::string(option.name) + "="));
    if (option.secret) CHECK_THAT(page, Contains("`" + file_variant(option.name) + "`"));
  }
}

TEST_CASE("the example file is right, and has every option") {
  const std::string yaml = committed("config/trunkline.example.yaml");
  const Loaded loaded = with_yaml(yaml).load();
  CHECK(loaded.problems == std::vector<Problem>{});
  CHECK(loaded.settings.routes.size() >= 3);
  for (const Option& option : options()) {
    const auto key = option.path.substr(option.path.find('.') + 1);
    CHECK_THAT(yaml, Contains(std::string(key) + ":") || Contains(std::string(key) + "_file:"));
  }
}

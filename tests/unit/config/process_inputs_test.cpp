#include <trunkline/config/load.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;

TEST_CASE("the process's own files and environment are read") {
  const config::Inputs inputs = config::process_inputs();
  CHECK(inputs.environment("PATH"));
  CHECK_FALSE(inputs.environment("TRUNKLINE_NO_SUCH_VARIABLE"));
  const std::string source = TRUNKLINE_SOURCE_DIR;
  CHECK(inputs.read_file(source + "/CMakeLists.txt").value().find("project(trunkline") != std::string::npos);
  CHECK(inputs.read_file(source + "/no-such-file").error().message == "cannot be read: No such file or directory");
  CHECK(inputs.read_file(source).error().message == "cannot be read: it is a folder");
  CHECK(inputs.read_file("/dev/zero").error().message == "cannot be read: it is larger than 1 MiB");
}

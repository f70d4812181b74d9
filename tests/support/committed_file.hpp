#pragma once

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace trunkline::test {

/// A page that the code generates is committed too, so that it can be read without building. Fails when the two differ;
/// with TRUNKLINE_UPDATE_REFERENCE in the environment the page is written anew (`make docs`).
inline void check_committed(const std::string& path, const std::string& generated) {
  const std::string file = std::string(TRUNKLINE_SOURCE_DIR) + "/" + path;
  if (std::getenv("TRUNKLINE_UPDATE_REFERENCE") != nullptr) std::ofstream(file, std::ios::binary) << generated;
  std::ostringstream committed;
  committed << std::ifstream(file, std::ios::binary).rdbuf();
  INFO(path << " is not what the code says; run `make docs`");
  CHECK((committed.str() == generated));
}

}  // namespace trunkline::test

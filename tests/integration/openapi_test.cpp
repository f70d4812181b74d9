// The document and the process agree on what is served.

#include "support/temporary_folder.hpp"

#include <trunkline/api/documents.hpp>
#include <trunkline/app/app.hpp>
#include <trunkline/base/text.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <set>
#include <string>

using namespace trunkline;

namespace {

using Routes = std::set<std::string>;  // "get /path/{name}"

Routes documented() {
  Routes routes;
  const auto document = nlohmann::json::parse(api::openapi_json());
  for (const auto& [path, item] : document.at("paths").items()) {
    for (const auto& [key, operation] : item.items()) {
      if (key != "parameters") routes.insert(key + " " + path);
    }
  }
  return routes;
}

Routes served() {
  const trunkline::test::TemporaryFolder folder;
  config::Settings settings;
  settings.environment = "development";  // in which all routes are served
  settings.data_dir = folder.path();
  settings.server.host = "127.0.0.1";
  settings.server.port = 0;
  settings.server.workers = 1;
  const auto app = app::App::start(settings);
  REQUIRE(app.has_value());
  Routes routes;
  for (const auto& route : (*app)->routes()) routes.insert(text::lower(route.method) + " " + route.pattern);
  return routes;
}

}  // namespace

TEST_CASE("every route is in the OpenAPI document, and everything in the document is served") {
  CHECK(served() == documented());
}

TEST_CASE("every name in a path of the OpenAPI document is described as a parameter") {
  const auto document = nlohmann::json::parse(api::openapi_json());
  for (const auto& [path, item] : document.at("paths").items()) {
    const auto open = path.find('{');
    if (open == std::string::npos) continue;
    const std::string name = path.substr(open + 1, path.find('}') - open - 1);
    INFO(path);
    REQUIRE(item.contains("parameters"));
    CHECK(item["parameters"][0]["$ref"] == "#/components/parameters/" + name);
  }
}

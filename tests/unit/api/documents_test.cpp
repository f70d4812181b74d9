#include <trunkline/api/documents.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <string>

using nlohmann::json;

namespace {

// Every $ref in `node` names something that is there.
void check_references(const json& root, const json& node) {
  if (node.is_object() && node.contains("$ref")) {
    const auto reference = node["$ref"].get<std::string>();
    CAPTURE(reference);
    REQUIRE(reference.starts_with("#/"));
    CHECK(root.contains(json::json_pointer(reference.substr(1))));
  }
  if (node.is_structured()) {
    for (const auto& item : node) check_references(root, item);
  }
}

}  // namespace

TEST_CASE("the OpenAPI document is whole") {
  const json document = json::parse(trunkline::api::openapi_json());
  CHECK(document["openapi"] == "3.1.0");
  CHECK(document["paths"].size() > 20);
  check_references(document, document);
}

TEST_CASE("numbers, texts and types survive the way from YAML") {
  const json document = json::parse(trunkline::api::openapi_json());
  const json& limit = document["components"]["parameters"]["limit"]["schema"];
  CHECK(limit["maximum"] == 200);
  CHECK(document["components"]["schemas"]["Call"]["properties"]["endedAt"]["type"] == json::array({"string", "null"}));
  CHECK(document["paths"]["/health"]["get"]["security"] == json::array());
}

TEST_CASE("the documentation page fetches nothing from elsewhere") {
  const std::string page(trunkline::api::docs_html());
  CHECK(page.find("http://") == std::string::npos);
  CHECK(page.find("https://") == std::string::npos);
  CHECK(page.find("openapi.json") != std::string::npos);
}

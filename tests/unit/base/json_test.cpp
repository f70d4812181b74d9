#include <trunkline/base/json.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

TEST_CASE("what is no text, or not there, or in no object, reads as empty") {
  const auto object = nlohmann::json::parse(R"({"text":"t\u00e9","number":1,"nothing":null,"empty":""})");
  CHECK(trunkline::text_of(object, "text") == "t\xc3\xa9");
  for (const char* key : {"number", "nothing", "empty", "missing"}) {
    CAPTURE(key);
    CHECK(trunkline::text_of(object, key).empty());
  }
  CHECK(trunkline::text_of(nlohmann::json::array({"text"}), "text").empty());
  CHECK(trunkline::text_of(nlohmann::json("text"), "text").empty());
}

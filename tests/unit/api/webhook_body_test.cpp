#include "api/webhook_body.hpp"

#include <trunkline/base/text.hpp>

#include <catch2/catch.hpp>

#include <set>
#include <string>

namespace trunkline::api {
namespace {

namespace webhooks = events::webhooks;
using Fields = std::set<std::string>;

Fields fields_of(const std::vector<net::FieldError>& errors) {
  Fields fields;
  for (const auto& error : errors) fields.insert(error.field);
  return fields;
}

Fields faults(std::string_view body, bool needed) {
  return fields_of(read_endpoint_change(body, needed, {}).errors);
}

TEST_CASE("a new endpoint needs a URL, a change nothing") {
  const auto made = read_endpoint_change(R"({"url":"https://example.com/","types":["call.*"]})", true, {});
  REQUIRE(made.errors.empty());
  CHECK(made.value.url == "https://example.com/");
  CHECK(made.value.types == std::vector<std::string>{"call.*"});
  CHECK_FALSE(made.value.description.has_value());
  CHECK(faults("{}", true) == Fields{"url"});
  CHECK(faults("{}", false).empty());
  CHECK(read_endpoint_change(R"({"state":"disabled"})", false, {}).value.enabled == false);
}

TEST_CASE("every field that is wrong is named, all at once") {
  CHECK(faults("", true) == Fields{"body"});
  CHECK(faults("[]", false) == Fields{"body"});
  CHECK(faults(R"({"url":7,"description":null,"types":{},"state":"gone","secret":"x"})", false) ==
        Fields{"url", "description", "types", "state", "secret"});
  CHECK(faults(R"({"url":"https://example.com/","state":"enabled"})", true) == Fields{"state"});
  CHECK(faults(R"({"url":"https://example.com/","types":["call.closed",5,"nothing"]})", true) == Fields{"types"});
  CHECK(faults(R"({"description":")" + std::string(257, 'x') + "\"}", false) == Fields{"description"});
  CHECK(faults(R"({"url":"http://example.com/"})", true) == Fields{"url"});
  std::string many = R"({"types":["call.*")";
  for (int i = 0; i < 32; ++i) many += R"(,"call.*")";
  CHECK(faults(many + "]}", false) == Fields{"types"});
}

TEST_CASE("what is delivered again is the dead, what is behind a place, or what is younger than a time") {
  CHECK(std::holds_alternative<webhooks::DeadOnes>(read_again("").value));
  CHECK(std::holds_alternative<webhooks::DeadOnes>(read_again("{}").value));
  CHECK(std::get<webhooks::AfterSeq>(read_again(R"({"afterSeq":12})").value).seq == 12);
  const auto since = read_again(R"({"since":"2026-11-20T00:00:00Z"})");
  CHECK(std::get<webhooks::Since>(since.value).time == text::parse_rfc3339("2026-11-20T00:00:00Z"));
  for (const char* wrong :
       {R"({"afterSeq":-1})", R"({"afterSeq":1.5})", R"({"afterSeq":"1"})", R"({"afterSeq":9223372036854775808})"}) {
    CAPTURE(wrong);
    CHECK(fields_of(read_again(wrong).errors) == Fields{"afterSeq"});
  }
  CHECK(fields_of(read_again(R"({"since":"yesterday"})").errors) == Fields{"since"});
  CHECK(fields_of(read_again(R"({"since":"2026-11-20T00:00:00Z","afterSeq":1})").errors) == Fields{"since"});
  CHECK(fields_of(read_again("7").errors) == Fields{"body"});
}

}  // namespace
}  // namespace trunkline::api

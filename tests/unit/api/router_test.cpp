#include "api/router.hpp"

#include <catch2/catch.hpp>

using namespace trunkline;
using api::Router;

namespace {

Router make_router() {
  Router router;
  for (const auto& [method, pattern] : {std::pair{"GET", "/calls"},
                                        {"GET", "/calls/active"},
                                        {"GET", "/calls/{callId}"},
                                        {"POST", "/calls/{callId}/end"},
                                        {"PUT", "/calls/{callId}"}}) {
    router.add({method, pattern, api::Access::open, {}, {}, {}});
  }
  return router;
}

std::string pattern_of(const Router::Match& match) {
  return match.endpoint == nullptr ? "" : match.endpoint->pattern;
}

}  // namespace

TEST_CASE("a literal segment wins over a name, whatever the order") {
  const Router router = make_router();
  CHECK(pattern_of(router.find("GET", "/calls/active")) == "/calls/active");
  CHECK(pattern_of(router.find("GET", "/calls/call_1")) == "/calls/{callId}");
}

TEST_CASE("names take their values, decoded") {
  const Router router = make_router();
  const auto match = router.find("POST", "/calls/a%2Fb/end");
  CHECK(pattern_of(match) == "/calls/{callId}/end");
  CHECK(first_of(match.path, "callId") == "a/b");
}

TEST_CASE("HEAD is answered by GET") {
  const Router router = make_router();
  CHECK(pattern_of(router.find("HEAD", "/calls")) == "/calls");
}

TEST_CASE("a path that takes other methods names them") {
  const Router router = make_router();
  const auto match = router.find("DELETE", "/calls/call_1");
  CHECK(match.endpoint == nullptr);
  CHECK(match.allowed == std::vector<std::string>{"GET", "PUT"});
}

TEST_CASE("a method that several patterns take is named once") {
  const Router router = make_router();
  CHECK(router.find("DELETE", "/calls/active").allowed == std::vector<std::string>{"GET", "PUT"});
}

TEST_CASE("what fits no pattern is not found") {
  const char* path = GENERATE("/", "", "/calls/", "/calls/a/b", "/call", "/calls//end");
  CAPTURE(path);
  const Router router = make_router();
  const auto match = router.find("GET", path);
  CHECK(match.endpoint == nullptr);
  CHECK((match.allowed.empty()));
}

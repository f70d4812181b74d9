#include "api/accept.hpp"

#include <catch2/catch.hpp>

#include <string>

using trunkline::api::accepts_coding;

namespace {

std::string preferred(std::string_view accept) {
  return std::string(trunkline::api::preferred_type(accept, {"application/json", "text/plain", "text/vtt"}));
}

}  // namespace

TEST_CASE("the first offer wins when nothing is liked better") {
  CHECK(preferred("") == "application/json");
  CHECK(preferred(" ") == "application/json");
  CHECK(preferred("*/*") == "application/json");
  CHECK(preferred("application/json, text/plain, */*") == "application/json");
  CHECK(preferred("text/plain, application/json") == "application/json");
  CHECK(preferred("text/*") == "text/plain");
  CHECK(preferred("text/vtt, text/plain") == "text/plain");
}

TEST_CASE("the greater weight wins") {
  CHECK(preferred("application/json;q=0.5, text/plain") == "text/plain");
  CHECK(preferred("application/json;q=0.899, text/vtt; Q=0.9") == "text/vtt");
  CHECK(preferred("text/vtt;charset=utf-8;q=0.2, */*;q=0.1") == "text/vtt");
  CHECK(preferred("Text/VTT") == "text/vtt");
}

TEST_CASE("what names an offer most closely decides about it") {
  CHECK(preferred("*/*, application/json;q=0") == "text/plain");
  CHECK(preferred("application/json;q=0, application/*, text/plain;q=0, text/*;q=0.5") == "text/vtt");
}

TEST_CASE("a client that takes nothing of what there is gets nothing") {
  for (const auto* accept : {"image/png", "application/json;q=0", "application/json;q=0.0", "text", "application/jsonp",
                             "*/*;q=0", "application/json;q=2", "application/json;q=x", "application/json;q=0.1234",
                             "application/json;q=", ",", ";", "/*"}) {
    CAPTURE(accept);
    CHECK(preferred(accept).empty());
  }
}

TEST_CASE("a content coding is taken when it is named or covered, and not refused") {
  CHECK(accepts_coding("gzip", "gzip"));
  CHECK(accepts_coding("gzip, deflate, br", "gzip"));
  CHECK(accepts_coding("br;q=1.0, GZIP;q=0.001", "gzip"));
  CHECK(accepts_coding("*", "gzip"));
  CHECK_FALSE(accepts_coding("", "gzip"));
  CHECK_FALSE(accepts_coding("gzip;q=0", "gzip"));
  CHECK_FALSE(accepts_coding("gzip;q=0, *", "gzip"));
  CHECK_FALSE(accepts_coding("*;q=0", "gzip"));
  CHECK_FALSE(accepts_coding("x-not-gzip", "gzip"));
}

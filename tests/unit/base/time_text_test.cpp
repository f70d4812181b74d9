#include <trunkline/base/text.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::text;

namespace {

std::string again(std::optional<WallTime> time) {
  return time ? to_rfc3339(*time) : "nothing";
}

}  // namespace

TEST_CASE("times are written in UTC with milliseconds") {
  CHECK(to_rfc3339(from_millis(0)) == "1970-01-01T00:00:00.000Z");
  CHECK(to_rfc3339(from_millis(-1)) == "1969-12-31T23:59:59.999Z");
  CHECK(to_rfc3339(from_millis(951'782'400'007)) == "2000-02-29T00:00:00.007Z");
}

TEST_CASE("any RFC 3339 time is read") {
  CHECK(again(parse_rfc3339("2026-11-20T18:12:38.123Z")) == "2026-11-20T18:12:38.123Z");
  CHECK(again(parse_rfc3339("2026-11-20t18:12:38z")) == "2026-11-20T18:12:38.000Z");
  CHECK(again(parse_rfc3339("2024-11-29T00:09:39.602648368Z")) == "2024-11-29T00:09:39.602Z");
  CHECK(again(parse_rfc3339("2026-01-01T00:30:00.5+05:30")) == "2025-12-31T19:00:00.500Z");
  CHECK(again(parse_rfc3339("2026-01-01 00:30:00-00:30")) == "2026-01-01T01:00:00.000Z");
  CHECK(again(parse_rfc3339("2016-12-31T23:59:60Z")) == "2017-01-01T00:00:00.000Z");
}

TEST_CASE("what is not RFC 3339 is not read") {
  for (const auto* text : {"",
                           "2026",
                           "2026-11-20",
                           "2026-11-20T18:12:38",
                           "2026-11-20T18:12Z",
                           "2026-11-20T18:12:38.Z",
                           "2026-02-29T00:00:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-01-32T00:00:00Z",
                           "2026-01-01T24:00:00Z",
                           "2026-01-01T00:60:00Z",
                           "2026-01-01T00:00:61Z",
                           "2026-01-01T00:00:00Zx",
                           "2026-01-01T00:00:00+24:00",
                           "2026-01-01T00:00:00+00:60",
                           "2026-01-01T00:00:00+1",
                           "26-01-01T00:00:00Z",
                           " 2026-01-01T00:00:00Z",
                           "2026-01-01T-1:00:00Z"}) {
    INFO(text);
    CHECK_FALSE(parse_rfc3339(text).has_value());
  }
}

TEST_CASE("the date of e-mail is read") {
  CHECK(again(parse_rfc2822("Sun, 30 Aug 2026 08:39:26 +0000")) == "2026-08-30T08:39:26.000Z");
  CHECK(again(parse_rfc2822("30 Aug 2026 08:39:26 +0200")) == "2026-08-30T06:39:26.000Z");
  CHECK(again(parse_rfc2822("Sat, 1 Jan 2000 00:00:00 GMT")) == "2000-01-01T00:00:00.000Z");
  CHECK(again(parse_rfc2822("Fri, 31 Dec 1999 23:59:59 -0130")) == "2000-01-01T01:29:59.000Z");
}

TEST_CASE("what is not a date of e-mail is not read") {
  for (const auto* text :
       {"", ", ", "Sun, 30 Agu 2026 08:39:26 +0000", "Sun, 30 Aug 26 08:39:26 +0000", "Sun, 31 Feb 2026 08:39:26 +0000",
        "Sun, 30 Aug 2026 08:39:26", "30 Aug 2026 08:39:26 EST", "30 Aug 2026 08:39:26 +0000 x",
        "030 Aug 2026 08:39:26 +0000", "30 Aug 2026 25:00:00 +0000", "2026-08-30T08:39:26Z"}) {
    INFO(text);
    CHECK_FALSE(parse_rfc2822(text).has_value());
  }
}

TEST_CASE("the date of e-mail is written to the second") {
  CHECK(to_rfc2822(from_millis(1'788'079'166'999)) == "Sun, 30 Aug 2026 08:39:26 +0000");
  CHECK(to_rfc2822(from_millis(0)) == "Thu, 01 Jan 1970 00:00:00 +0000");
  CHECK(to_rfc2822(from_millis(-1)) == "Wed, 31 Dec 1969 23:59:59 +0000");
}

TEST_CASE("what is written is read as it was") {
  for (const std::int64_t ms : {std::int64_t{0}, std::int64_t{1}, std::int64_t{1'790'000'000'123}, std::int64_t{-1}}) {
    CHECK(parse_rfc3339(to_rfc3339(from_millis(ms))) == from_millis(ms));
  }
}

#include <trunkline/net/range.hpp>

#include <catch2/catch.hpp>

using namespace trunkline::net;

namespace {

struct Case {
  const char* header;
  std::uint64_t size;
  RangeVerdict verdict;
  std::uint64_t offset;
  std::uint64_t length;
};

constexpr auto whole = RangeVerdict::whole;
constexpr auto part = RangeVerdict::part;
constexpr auto unsatisfiable = RangeVerdict::unsatisfiable;

}  // namespace

TEST_CASE("one range of bytes is read as RFC 9110 has it") {
  const Case given = GENERATE(values<Case>({
      {"bytes=0-0", 100, part, 0, 1},
      {"bytes=0-49", 100, part, 0, 50},
      {"bytes=50-", 100, part, 50, 50},
      {"bytes=99-", 100, part, 99, 1},
      {"bytes=90-1000", 100, part, 90, 10},
      {"bytes=-7", 100, part, 93, 7},
      {"bytes=-1000", 100, part, 0, 100},
      {"Bytes=1-2", 100, part, 1, 2},
      {"bytes= 1-2 ", 100, part, 1, 2},
      {"bytes=100-", 100, unsatisfiable, 0, 0},
      {"bytes=-0", 100, unsatisfiable, 0, 0},
      {"bytes=0-", 0, unsatisfiable, 0, 0},
      {"bytes=-5", 0, unsatisfiable, 0, 0},
  }));
  CAPTURE(given.header, given.size);
  const RangeReading reading = read_range(given.header, given.size);
  CHECK(reading.verdict == given.verdict);
  CHECK(reading.range.offset == given.offset);
  CHECK(reading.range.length == given.length);
}

TEST_CASE("what is not one range of bytes is answered whole") {
  const char* header = GENERATE("", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "bytes=1-2,5-6",
                                "lines=1-2", "bytes=1", "bytes=+1-2", "bytes=1--2", "bytes=99999999999999999999-");
  CAPTURE(header);
  CHECK(read_range(header, 100).verdict == whole);
}

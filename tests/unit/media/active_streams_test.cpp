#include <trunkline/media/active_streams.hpp>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::media;

TEST_CASE("a stream is expected until it comes, its call is over or its time has passed") {
  boost::asio::io_context loop;
  ActiveStreams streams(10);
  const MonoTime now{std::chrono::seconds{100}};
  for (const char* id : {"came", "over", "late"}) streams.expect(id, now + std::chrono::seconds{5});
  CHECK(streams.expected(now) == 3);
  CHECK(streams.add("came", loop.get_executor(), {}));
  CHECK(streams.expected(now) == 2);
  streams.expect_no_more("over");
  CHECK(streams.expected(now) == 1);
  CHECK(streams.expected(now + std::chrono::seconds{5}) == 0);
  CHECK(streams.size() == 1);
}

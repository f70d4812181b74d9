#include "support/manual_clock.hpp"

#include <trunkline/calls/call_cache.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>
#include <vector>

namespace trunkline::calls {
namespace {

using namespace std::chrono_literals;

CallCache::Found call_at(std::int64_t version, const std::string& id = "call_1") {
  Call call;
  call.id = id;
  call.version = version;
  return std::make_shared<const Call>(std::move(call));
}

struct Kept {
  trunkline::test::ManualClock clock;
  CallCache cache{{3, 5s}, clock};

  bool put(std::int64_t version, const std::string& id = "call_1") {
    return cache.put(call_at(version, id), cache.begin());
  }
  /// 0: none.
  std::int64_t version_of(const std::string& id = "call_1") {
    const auto call = cache.find(id);
    return call ? call->version : 0;
  }
};

TEST_CASE_METHOD(Kept, "of two versions of a call the newer stays, whichever comes last") {
  CHECK(put(3));
  CHECK_FALSE(put(2));
  CHECK(version_of() == 3);
  CHECK(put(4));
  CHECK(version_of() == 4);
  CHECK(version_of("call_2") == 0);
}

TEST_CASE_METHOD(Kept, "a call is given no longer than its time, counted from when its reading began") {
  const auto begun = cache.begin();
  clock.advance(3s);
  CHECK(cache.put(call_at(3), begun));
  clock.advance(1'999ms);
  CHECK(version_of() == 3);
  clock.advance(1ms);
  CHECK(version_of() == 0);
  CHECK(cache.size() == 0);
}

TEST_CASE_METHOD(Kept, "who read the same version later makes it last, who read it earlier changes nothing") {
  const auto early = cache.begin();
  clock.advance(4s);
  CHECK(put(3));
  CHECK(cache.put(call_at(3), early));
  clock.advance(4s);
  CHECK(version_of() == 3);
  CHECK(put(3));
  clock.advance(4s);
  CHECK(version_of() == 3);
}

TEST_CASE_METHOD(Kept, "a call that has changed is not given") {
  put(3);
  cache.hear("call_1", 3);
  CHECK(version_of() == 3);
  cache.hear("call_1", 4);
  CHECK(version_of() == 0);
}

TEST_CASE_METHOD(Kept, "what was read before a change was heard of is not taken after it") {
  const auto begun = cache.begin();
  cache.hear("call_1", 4);
  CHECK_FALSE(cache.put(call_at(3), begun));
  CHECK(version_of() == 0);
  CHECK(cache.put(call_at(4), begun));
  CHECK(version_of() == 4);
  cache.hear("call_1", 3);  // late
  CHECK(version_of() == 4);
}

TEST_CASE_METHOD(Kept, "what was read before as much was heard as is remembered is not taken") {
  const auto begun = cache.begin();
  cache.hear("call_1", 4);
  for (const char* other : {"call_2", "call_3", "call_4"}) cache.hear(other, 9);
  CHECK_FALSE(cache.put(call_at(3), begun));
  CHECK_FALSE(cache.put(call_at(3, "call_5"), begun));
  CHECK(put(3));  // read now
}

TEST_CASE_METHOD(Kept, "after a gap nothing is given that was there before, and nothing taken that was read before") {
  put(3);
  const auto begun = cache.begin();
  cache.forget_all();
  CHECK(cache.size() == 0);
  CHECK_FALSE(cache.put(call_at(3), begun));
  CHECK(version_of() == 0);
  CHECK(put(3));
  CHECK(version_of() == 3);
}

TEST_CASE_METHOD(Kept, "there are no more calls than there may be: those that nobody asks for go") {
  for (const char* id : {"call_1", "call_2", "call_3"}) put(1, id);
  CHECK(version_of("call_1") == 1);
  put(1, "call_4");
  CHECK(cache.size() == 3);
  CHECK(version_of("call_2") == 0);
  CHECK(version_of("call_1") == 1);
}

TEST_CASE("a cache that is off holds nothing and refuses nothing") {
  trunkline::test::ManualClock clock;
  CallCache cache({0, 5s}, clock);
  CHECK_FALSE(cache.keeps());
  cache.hear("call_1", 4);
  CHECK(cache.put(call_at(3), cache.begin()));
  CHECK(cache.find("call_1") == nullptr);
  CHECK(cache.size() == 0);
}

TEST_CASE("whatever threads do, nobody is given a version that is older than what he heard of") {
  trunkline::test::ManualClock clock;
  CallCache cache({100, 5s}, clock);
  std::atomic<std::int64_t> stored = 1;  // what a database would say
  std::atomic<int> wrong = 0;
  const auto look = [&] {
    for (int i = 0; i < 20'000; ++i) {
      const std::int64_t heard = stored;
      cache.hear("call_1", heard);
      const auto begun = cache.begin();
      auto call = cache.find("call_1");
      if (!call) {
        call = call_at(stored);
        cache.put(call, begun);
      }
      if (call->version < heard) ++wrong;
    }
  };
  const auto change = [&] {
    for (int i = 0; i < 20'000; ++i) cache.hear("call_1", ++stored);
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back(look);
  threads.emplace_back(change);
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace trunkline::calls

#include "support/any_live.hpp"

#include <boost/asio/post.hpp>

#include <atomic>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <vector>

namespace trunkline::store {
namespace {

using namespace std::chrono_literals;

/// What all drivers do alike. The caller's loop is another one than the driver's.
struct Live {
  template <class T>
  T ask(asio::awaitable<T> question) {
    return callers.ask(std::move(question));
  }
  /// The value, which must be there.
  template <class T>
  T sure(asio::awaitable<Result<T>> question) {
    auto answer = ask(std::move(question));
    REQUIRE(answer);
    return std::move(*answer);
  }
  void done(asio::awaitable<Result<>> question) { REQUIRE(ask(std::move(question))); }
  /// What it is refused with.
  template <class T>
  std::string refusal(asio::awaitable<Result<T>> question) {
    const auto answer = ask(std::move(question));
    return answer ? "nothing" : answer.error().code;
  }
  ~Live() { live->stop(); }

  test::AnyLive home;
  test::RunningLoop callers;
  test::RunningLoop loop;  // ends first: it holds on to whom it answers
  std::unique_ptr<LiveStore> live = home.open(loop.context());
};

TEST_CASE_METHOD(Live, "a value is there until its time is over, whatever bytes it has") {
  const std::string odd("\r\n\0*3$\xff", 7);
  done(live->put("key", odd, 200ms));
  CHECK(sure(live->get("key")) == odd);
  CHECK(sure(live->get("other")) == std::nullopt);
  home.lapse(200ms);
  CHECK(sure(live->get("key")) == std::nullopt);
}

TEST_CASE_METHOD(Live, "a key may be any bytes, and an empty value is a value") {
  const std::string odd("a b\0\n", 5);
  done(live->put(odd, "", 10s));
  CHECK(sure(live->get(odd)) == "");
  CHECK(sure(live->get("a b")) == std::nullopt);
}

TEST_CASE_METHOD(Live, "of two accounts of one thing the newer stays, whichever comes last") {
  const auto put = [&](const std::string& word, std::int64_t version) {
    return sure(live->put_newer("call", {{"word", word}}, version, 10s));
  };
  CHECK(put("third", 3));
  CHECK_FALSE(put("second", 2));
  CHECK(sure(live->get_hash("call")) == Hash{{"version", "3"}, {"word", "third"}});
  CHECK(put("third again", 3));
  CHECK(put("tenth", 10));
  CHECK_FALSE(put("ninth", 9));
  CHECK(sure(live->get_hash("call")) == Hash{{"version", "10"}, {"word", "tenth"}});
  done(live->put("text", "no hash", 10s));
  CHECK(refusal(live->put_newer("text", {}, 1, 10s)) == "live_failed");
}

TEST_CASE_METHOD(Live, "the answer comes back to the caller's loop") {
  const auto where = [](LiveStore& store) -> asio::awaitable<std::thread::id> {
    const auto stored = co_await store.put("key", "value", 10s);
    REQUIRE(stored);
    co_return std::this_thread::get_id();
  };
  CHECK(ask(where(*live)) == callers.thread());
}

TEST_CASE_METHOD(Live, "put_new puts what is not there") {
  CHECK(sure(live->put_new("key", "first", 200ms)));
  CHECK_FALSE(sure(live->put_new("key", "second", 10s)));
  CHECK(sure(live->get("key")) == "first");
  home.lapse(200ms);
  CHECK(sure(live->put_new("key", "third", 10s)));
  CHECK(sure(live->get("key")) == "third");
}

TEST_CASE_METHOD(Live, "what is removed is gone, and nothing is removed in vain") {
  done(live->put("key", "value", 10s));
  done(live->remove("key"));
  done(live->remove("key"));
  CHECK(sure(live->get("key")) == std::nullopt);
}

TEST_CASE_METHOD(Live, "keep gives what is there another time to live") {
  done(live->put("key", "value", 200ms));
  CHECK(sure(live->keep("key", 10s)));
  home.lapse(200ms);
  CHECK(sure(live->get("key")) == "value");
  CHECK_FALSE(sure(live->keep("other", 10s)));
}

TEST_CASE_METHOD(Live, "put_hash replaces the whole hash") {
  done(live->put_hash("key", {{"state", "RINGING"}, {"from", ""}}, 10s));
  CHECK(sure(live->get_hash("key")) == Hash{{"state", "RINGING"}, {"from", ""}});
  done(live->put_hash("key", {{"state", "CONNECTED"}}, 200ms));
  CHECK(sure(live->get_hash("key")) == Hash{{"state", "CONNECTED"}});
  home.lapse(200ms);
  CHECK(sure(live->get_hash("key")).empty());
  done(live->put("key", "text", 10s));
  done(live->put_hash("key", {{"a", "b"}}, 10s));
  CHECK(sure(live->get_hash("key")).size() == 1);
  done(live->put_hash("key", {}, 10s));
  CHECK(sure(live->get("key")) == std::nullopt);
}

TEST_CASE_METHOD(Live, "a sorted set keeps the highest scores, lowest first") {
  for (const auto& [member, score] : {Scored{"c", 3}, {"a", 1}, {"b2", 2}, {"b1", 2}, {"d", 4.25}}) {
    done(live->add_scored("set", member, score, 4, 10s));
  }
  CHECK(sure(live->scored("set")) == std::vector<Scored>{{"b1", 2}, {"b2", 2}, {"c", 3}, {"d", 4.25}});
  done(live->add_scored("set", "b1", 1790000000123.0, 4, 10s));
  done(live->remove_scored("set", "c"));
  done(live->remove_scored("set", "nobody"));
  CHECK(sure(live->scored("set")) == std::vector<Scored>{{"b2", 2}, {"d", 4.25}, {"b1", 1790000000123.0}});
  done(live->add_scored("set", "low", -1, 3, 200ms));
  CHECK(sure(live->scored("set")).size() == 3);
  home.lapse(200ms);
  CHECK(sure(live->scored("set")).empty());
}

TEST_CASE_METHOD(Live, "a list keeps the newest items, oldest first") {
  for (const char* item : {"1", "2", "3", "4"}) done(live->append_to("list", item, 3, 10s));
  CHECK(sure(live->items_of("list")) == std::vector<std::string>{"2", "3", "4"});
  done(live->append_to("list", "5", 2, 200ms));
  CHECK(sure(live->items_of("list")) == std::vector<std::string>{"4", "5"});
  home.lapse(200ms);
  CHECK(sure(live->items_of("list")).empty());
}

TEST_CASE_METHOD(Live, "a claim is won by who was made owner later, however late the earlier one asks") {
  CHECK(sure(live->claim("stream", "node a", 7, 10s)));
  CHECK(sure(live->claim("stream", "node a", 7, 10s)));
  CHECK_FALSE(sure(live->claim("stream", "node b", 7, 10s)));
  CHECK_FALSE(sure(live->claim("stream", "node b", 6, 10s)));
  CHECK(sure(live->claim("stream", "node b", 10, 10s)));
  CHECK_FALSE(sure(live->claim("stream", "node a", 9, 10s)));
  CHECK_FALSE(sure(live->claim("stream", "node b", 9, 10s)));
}

TEST_CASE_METHOD(Live, "fencing numbers are compared exactly, as large as they may be") {
  const std::int64_t large = std::numeric_limits<std::int64_t>::max();
  CHECK(sure(live->claim("stream", "a", -5, 10s)));
  CHECK(sure(live->claim("stream", "b", 9, 10s)));
  CHECK(sure(live->claim("stream", "c", large - 1, 10s)));
  CHECK_FALSE(sure(live->claim("stream", "d", large - 1, 10s)));
  CHECK(sure(live->claim("stream", "d", large, 10s)));
}

TEST_CASE_METHOD(Live, "a claim ends with its time, and with its release by who has it") {
  CHECK(sure(live->claim("stream", "a", 7, 200ms)));
  home.lapse(200ms);
  CHECK(sure(live->claim("stream", "b", 3, 10s)));
  done(live->release("stream", "b", 2));
  done(live->release("stream", "a", 3));
  CHECK_FALSE(sure(live->claim("stream", "c", 3, 10s)));
  done(live->release("stream", "b", 3));
  CHECK(sure(live->claim("stream", "c", 1, 10s)));
}

TEST_CASE_METHOD(Live, "a bucket gives what it holds and no more, then tells when to come again") {
  const BucketShape shape{2, 60};
  const auto first = sure(live->take("bucket", shape));
  CHECK(first.admitted);
  CHECK(first.remaining == 1);
  CHECK(first.full_after == 1'000ms);
  CHECK(sure(live->take("bucket", shape)).admitted);
  const auto refused = sure(live->take("bucket", shape));
  CHECK_FALSE(refused.admitted);
  CHECK(refused.remaining == 0);
  CHECK(refused.retry_after > 0ms);
  CHECK(refused.retry_after <= 1'000ms);
  CHECK(refused.full_after == refused.retry_after + 1'000ms);
  CHECK(sure(live->take("another", shape)).admitted);
  home.lapse(refused.retry_after);
  CHECK(sure(live->take("bucket", shape)).admitted);
  CHECK(sure(live->take("huge", {1'000'000'000, 1'000'000'000})).remaining == 999'999'999);
}

TEST_CASE_METHOD(Live, "what cannot be is refused, and changes nothing") {
  CHECK(refusal(live->put("key", "value", 0ms)) == "live_failed");
  CHECK(refusal(live->put("key", "value", -1ms)) == "live_failed");
  CHECK(refusal(live->append_to("key", "item", 0, 10s)) == "live_failed");
  CHECK(refusal(live->add_scored("key", "a", std::numeric_limits<double>::quiet_NaN(), 1, 10s)) == "live_failed");
  CHECK(refusal(live->take("key", {0, 60})) == "live_failed");
  CHECK(sure(live->get("key")) == std::nullopt);
  done(live->put("text", "value", 10s));
  CHECK(refusal(live->append_to("text", "item", 5, 10s)) == "live_failed");
  CHECK(refusal(live->add_scored("text", "a", 1, 5, 10s)) == "live_failed");
  CHECK(refusal(live->get_hash("text")) == "live_failed");
  CHECK(refusal(live->claim("text", "a", 1, 10s)) == "live_failed");
  CHECK(sure(live->get("text")) == "value");
}

/// Keeps what it hears, and on which thread.
struct Ear {
  std::unique_ptr<LiveStore::Subscription> at(LiveStore& store, const std::string& channel) {
    return store.subscribe(channel, [this](std::string_view message) { hear(message); }, [this] { ++gaps; });
  }
  void hear(std::string_view message) {
    const std::lock_guard lock(mutex);
    heard.emplace_back(message);
    thread = std::this_thread::get_id();
    news.notify_all();
  }
  /// All that was heard, up to `last`.
  std::vector<std::string> until(const std::string& last) {
    std::unique_lock lock(mutex);
    const bool came = news.wait_for(lock, 10s, [&] { return !heard.empty() && heard.back() == last; });
    CHECK(came);
    return heard;
  }

  std::mutex mutex;
  std::condition_variable news;
  std::vector<std::string> heard;
  std::thread::id thread;
  std::atomic<int> gaps = 0;
};

/// Says it until that many processes hear it: a subscription, and its end, take their time to get there.
void publish_to(Live& node, LiveStore& store, const std::string& channel, const std::string& message,
                std::int64_t processes) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (node.sure(store.publish(channel, message)) != processes) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
  }
}

TEST_CASE_METHOD(Live, "who subscribed hears what is published there, in order, on the driver's loop") {
  Ear ear;
  Ear other;
  const auto subscription = ear.at(*live, "calls");
  const auto elsewhere = other.at(*live, "other");
  publish_to(*this, *live, "calls", "begin", 1);
  publish_to(*this, *live, "other", "theirs", 1);
  std::vector<std::string> said{"begin"};
  for (int i = 0; i < 100; ++i) said.push_back(std::to_string(i) + std::string("\r\n\0", 3));
  for (std::size_t i = 1; i < said.size(); ++i) CHECK(sure(live->publish("calls", said[i])) == 1);
  CHECK(ear.until(said.back()) == said);
  CHECK(ear.thread == loop.thread());
  CHECK(other.until("theirs").size() == 1);
  CHECK(ear.gaps == 0);
  loop.end();
}

TEST_CASE_METHOD(Live, "several subscriptions of one process all hear, and count once") {
  Ear one;
  Ear two;
  const auto first = one.at(*live, "calls");
  auto second = two.at(*live, "calls");
  publish_to(*this, *live, "calls", "both", 1);
  one.until("both");
  two.until("both");
  asio::post(loop.context(), [&second] { second.reset(); });
  CHECK(sure(live->publish("calls", "one")) == 1);
  one.until("one");
  CHECK(sure(live->publish("calls", "last")) == 1);
  one.until("last");
  CHECK(two.heard.size() == 1);
  loop.end();
}

TEST_CASE_METHOD(Live, "a listener that throws costs the others nothing") {
  const auto bad = live->subscribe("calls", [](std::string_view) { throw std::runtime_error("no"); }, [] {});
  Ear ear;
  const auto subscription = ear.at(*live, "calls");
  publish_to(*this, *live, "calls", "begin", 1);
  REQUIRE(sure(live->publish("calls", "more")) == 1);
  CHECK(ear.until("more") == std::vector<std::string>{"begin", "more"});
  CHECK(live->losses() == 0);
  loop.end();
}

TEST_CASE_METHOD(Live, "a subscription that is ended hears no more, and a channel may be subscribed to again") {
  Ear ear;
  auto subscription = ear.at(*live, "calls");
  publish_to(*this, *live, "calls", "first", 1);
  ear.until("first");
  asio::post(loop.context(), [&subscription] { subscription.reset(); });
  publish_to(*this, *live, "calls", "nobody", 0);
  const auto heard_before = ear.until("first").size();
  subscription = ear.at(*live, "calls");
  publish_to(*this, *live, "calls", "again", 1);
  CHECK(ear.until("again").size() == heard_before + 1);
  loop.end();
}

TEST_CASE_METHOD(Live, "after stop() nothing is taken, and nothing is heard") {
  Ear ear;
  const auto subscription = ear.at(*live, "calls");
  publish_to(*this, *live, "calls", "first", 1);
  ear.until("first");
  CHECK(live->connected());
  CHECK(live->losses() == 0);
  live->stop();
  CHECK(refusal(live->put("key", "value", 10s)) == "live_unavailable");
  CHECK(refusal(live->get("key")) == "live_unavailable");
  CHECK(refusal(live->take("key", {1, 1})) == "live_unavailable");
  CHECK(refusal(live->publish("calls", "late")) == "live_unavailable");
  loop.end();
  CHECK(ear.heard.size() == 1);
}

}  // namespace
}  // namespace trunkline::store

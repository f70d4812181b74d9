#include "support/manual_clock.hpp"
#include "unit/providers/acs/fake_service.hpp"

#include <trunkline/providers/acs/credential.hpp>

#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace trunkline;
using namespace trunkline::providers::acs;
using namespace std::chrono_literals;
using test::answer_of;
using test::FakeService;
using test::Received;
using test::run;

namespace {

trunkline::test::ManualClock& clock_of_all() {
  static trunkline::test::ManualClock clock;
  return clock;
}

std::string token_answer(const std::string& token, std::chrono::seconds lasts) {
  const auto expires = to_millis(clock_of_all().wall()) / 1'000 + lasts.count();
  return answer_of(200, R"({"access_token":")" + token + R"(","expires_on":")" + std::to_string(expires) +
                            R"(","resource":"r","token_type":"Bearer"})");
}

struct Fixture {
  explicit Fixture(ManagedIdentity options)
      : credential(managed_identity_credential(std::move(options), clock_of_all(),
                                               [this](milliseconds time) -> asio::awaitable<void> {
                                                 waits.push_back(time);
                                                 co_return;
                                               })) {}

  Result<std::string> token() {
    auto headers = run(credential->authorize({}));
    if (!headers) return headers.error();
    return std::string(net::find_header(*headers, "Authorization"));
  }

  std::vector<milliseconds> waits;
  std::unique_ptr<Credential> credential;
};

ManagedIdentity machine(const FakeService& service) {
  ManagedIdentity options;
  options.imds_url = service.url() + "/metadata/identity/oauth2/token";
  return options;
}

/// Holds back whoever asks, until somebody opens it.
class Door {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void arrive() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait_for(lock, 10s, [&] { return open_; });
  }
  void wait_for_arrivals(int count) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, 10s, [&] { return arrived_ >= count; }));
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
  bool open_ = false;
};

}  // namespace

TEST_CASE("a machine asks its metadata service for a token") {
  const FakeService imds({token_answer("t1", 1h)});
  auto options = machine(imds);
  options.client_id = "me & you";
  Fixture identity(options);
  CHECK(identity.token().value() == "Bearer t1");
  const auto received = imds.received();
  REQUIRE(received.size() == 1);
  CHECK(received[0].method == "GET");
  CHECK(received[0].target ==
        "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fcommunication.azure.com%2F"
        "&client_id=me%20%26%20you");
  CHECK(received[0].header("Metadata") == "true");
}

TEST_CASE("a container asks the service that its environment names") {
  const FakeService service({token_answer("t1", 1h)});
  ManagedIdentity options;
  options.identity_endpoint = service.url() + "/msi/token";
  options.identity_header = "secret";
  Fixture identity(options);
  CHECK(identity.token().value() == "Bearer t1");
  const auto received = service.received();
  CHECK(received[0].target == "/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fcommunication.azure.com%2F");
  CHECK(received[0].header("X-IDENTITY-HEADER") == "secret");
  CHECK(received[0].header("Metadata").empty());
}

TEST_CASE("a token is kept until five minutes before its end") {
  const FakeService imds(
      [](const Received&, std::size_t number) { return token_answer("t" + std::to_string(number), 1h); });
  Fixture identity(machine(imds));
  CHECK(identity.token().value() == "Bearer t0");
  clock_of_all().advance(54min);
  CHECK(identity.token().value() == "Bearer t0");
  clock_of_all().advance(2min);
  CHECK(identity.token().value() == "Bearer t1");
  CHECK(imds.received().size() == 2);
}

TEST_CASE("a service that is not ready is asked again") {
  const FakeService imds({answer_of(404), answer_of(429), answer_of(500), token_answer("t1", 1h)});
  Fixture identity(machine(imds));
  CHECK(identity.token().value() == "Bearer t1");
  CHECK(identity.waits == std::vector<milliseconds>{800ms, 1'600ms, 3'200ms});
}

TEST_CASE("a service that gives no token is an error that does not name it") {
  const FakeService busy({answer_of(503)});
  Fixture waiting(machine(busy));
  CHECK(waiting.token().error().code == "provider_unavailable");
  CHECK(busy.received().size() == 4);
  const FakeService strict({answer_of(400)});
  Fixture stranger(machine(strict));
  CHECK(stranger.token().error().code == "provider_not_configured");
  CHECK(strict.received().size() == 1);
  FakeService gone({""});
  Fixture alone(machine(gone));
  gone.stop();
  CHECK(alone.token().error().code == "provider_unavailable");
  const FakeService late({token_answer("t1", -1s)});
  Fixture old(machine(late));
  CHECK(old.token().error().code == "provider_unavailable");
}

TEST_CASE("a token that cannot be renewed serves until its end") {
  FakeService imds({token_answer("t1", 6min), answer_of(400)});
  Fixture identity(machine(imds));
  CHECK(identity.token().value() == "Bearer t1");
  clock_of_all().advance(2min);
  CHECK(identity.token().value() == "Bearer t1");
  CHECK(identity.token().value() == "Bearer t1");
  CHECK(imds.received().size() == 2);  // and the service is not asked for each request
  clock_of_all().advance(31s);
  CHECK(identity.token().value() == "Bearer t1");
  CHECK(imds.received().size() == 3);
  clock_of_all().advance(5min);
  CHECK(identity.token().error().code == "provider_not_configured");
}

TEST_CASE("those who ask at once, on any loop, share one request") {
  Door door;
  const FakeService imds([&](const Received&, std::size_t number) {
    door.arrive();
    return token_answer("t" + std::to_string(number), 1h);
  });
  Fixture identity(machine(imds));
  auto first = std::async(std::launch::async, [&] { return identity.token(); });
  door.wait_for_arrivals(1);
  // Ten more on one loop, which all wait by the time that it has nothing left to do.
  asio::io_context loop;
  std::vector<std::future<Result<net::Headers>>> others;
  for (int i = 0; i < 10; ++i) {
    others.push_back(asio::co_spawn(loop, identity.credential->authorize({}), asio::use_future));
  }
  loop.poll();
  door.open();
  loop.run();
  CHECK(first.get().value() == "Bearer t0");
  for (auto& other : others) CHECK(net::find_header(other.get().value(), "Authorization") == "Bearer t0");
  CHECK(imds.received().size() == 1);
}

TEST_CASE("who waits takes over when the one who asked is cut off") {
  Door door;
  const FakeService imds([&](const Received&, std::size_t number) {
    if (number == 0) door.arrive();
    return token_answer("t" + std::to_string(number), 1h);
  });
  Fixture identity(machine(imds));
  auto cut_off = std::make_unique<asio::io_context>();
  asio::co_spawn(*cut_off, identity.credential->authorize({}), asio::detached);
  std::thread asking([&] { cut_off->run(); });
  door.wait_for_arrivals(1);
  asio::io_context loop;
  auto waiting = asio::co_spawn(loop, identity.credential->authorize({}), asio::use_future);
  loop.poll();
  cut_off->stop();
  asking.join();
  cut_off.reset();
  door.open();
  loop.run();
  CHECK(net::find_header(waiting.get().value(), "Authorization") == "Bearer t1");
}

TEST_CASE("a loop that ends while somebody on it waits for a token is not spoken to again") {
  Door door;
  const FakeService imds([&](const Received&, std::size_t) {
    door.arrive();
    return token_answer("t1", 1h);
  });
  Fixture identity(machine(imds));
  auto first = std::async(std::launch::async, [&] { return identity.token(); });
  door.wait_for_arrivals(1);
  {
    asio::io_context loop;
    asio::co_spawn(loop, identity.credential->authorize({}), asio::detached);
    loop.poll();
  }
  door.open();
  CHECK(first.get().value() == "Bearer t1");
}

TEST_CASE("a token is read with its end as a number or a text, and nothing else") {
  const auto read = read_access_token(R"({"access_token":"t","expires_on":1790000000})");
  REQUIRE(read.has_value());
  CHECK(read->expires == from_millis(1'790'000'000'000));
  CHECK(read_access_token(R"({"access_token":"t","expires_on":"1790000000"})")->expires == read->expires);
  for (const char* body :
       {"", "[]", "{}", R"({"access_token":"t"})", R"({"expires_on":"1"})", R"({"access_token":"","expires_on":1})",
        R"({"access_token":"a b","expires_on":1})", R"({"access_token":"a\r\nX: y","expires_on":1})",
        R"({"access_token":"t","expires_on":"soon"})", R"({"access_token":"t","expires_on":-1})",
        R"({"access_token":"t","expires_on":9223372036854775807})", R"({"access_token":"t","expires_on":1.5})"}) {
    INFO(body);
    CHECK(read_access_token(body).error().code == "provider_unavailable");
  }
}

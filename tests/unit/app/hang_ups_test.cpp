#include "app/hang_ups.hpp"

#include <trunkline/net/worker.hpp>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace trunkline::app {
namespace {

/// Answers nobody until it is told to.
class SlowProvider final : public calls::Provider {
 public:
  explicit SlowProvider(asio::io_context& loop) : gate_(loop, asio::steady_timer::time_point::max()) {}

  std::string_view name() const override { return "twilio"; }
  bool configured() const override { return true; }
  asio::awaitable<Result<>> hang_up(const calls::Call& call) override {
    asked.push_back(call.id);
    boost::system::error_code opened;
    if (!open_) co_await gate_.async_wait(asio::redirect_error(asio::use_awaitable, opened));
    ++answered;
    if (call.id == "call_3") co_return make_error("timeout", "too slow");
    co_return Result<>{};
  }
  asio::awaitable<Result<std::optional<calls::ProviderWord>>> fetch(const calls::Call& /*call*/) override {
    co_return std::optional<calls::ProviderWord>();
  }
  void answer() {
    open_ = true;
    gate_.cancel();
  }

  std::vector<std::string> asked;
  std::size_t answered = 0;

 private:
  asio::steady_timer gate_;
  bool open_ = false;
};

struct HangUpsFixture {
  net::Worker worker{0};
  SlowProvider provider{worker.context()};
  calls::Providers providers;
  HangUps hang_ups{providers, worker.context()};

  HangUpsFixture() { providers.add(provider); }

  void turn() {
    while (worker.run_ready()) {
    }
  }
  void push(int count, const std::string& provider_name = "twilio") {
    for (int i = 0; i < count; ++i) {
      calls::Call call;
      call.id = "call_" + std::to_string(pushed++);
      call.provider = provider_name;
      hang_ups.push(call);
    }
  }
  int pushed = 0;
};

TEST_CASE_METHOD(HangUpsFixture,
                 "a few hang-ups are under way at once, and all in their order, whatever becomes of one") {
  push(20);
  turn();
  CHECK(provider.asked.size() == HangUps::at_once);
  CHECK(hang_ups.room() == HangUps::most_waiting - 12);
  provider.answer();
  turn();
  CHECK(provider.answered == 20);
  CHECK(provider.asked.at(0) == "call_0");
  CHECK(provider.asked.at(19) == "call_19");
  CHECK(hang_ups.room() == HangUps::most_waiting);
  push(1);
  turn();
  CHECK(provider.answered == 21);
}

TEST_CASE_METHOD(HangUpsFixture, "while the provider hangs, room for those that wait runs out") {
  push(static_cast<int>(HangUps::at_once));
  turn();
  push(static_cast<int>(HangUps::most_waiting));
  turn();
  CHECK(provider.asked.size() == HangUps::at_once);
  CHECK(hang_ups.room() == 0);
  provider.answer();
  turn();
}

TEST_CASE_METHOD(HangUpsFixture, "a call whose provider is not served here holds nobody up") {
  push(1, "acs");
  push(1);
  turn();
  CHECK(provider.asked == std::vector<std::string>{"call_1"});
  provider.answer();
  turn();
  CHECK(hang_ups.room() == HangUps::most_waiting);
}

}  // namespace
}  // namespace trunkline::app

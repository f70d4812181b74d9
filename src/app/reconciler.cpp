#include "app/reconciler.hpp"

#include <trunkline/calls/reconcile.hpp>
#include <trunkline/observe/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace trunkline::app {
namespace {

constexpr std::size_t max_questions = 50;
constexpr std::size_t at_once = 4;
constexpr std::size_t longest_pause = 16;  // runs
constexpr std::chrono::hours concluded_for{1};

}  // namespace

/// The questions of one run, and who waits for their answers.
struct Reconciler::Round {
  std::vector<calls::Call> calls;
  asio::steady_timer answered;
  std::size_t next = 0;
  std::size_t asking = 0;
  std::size_t failed = 0;
  bool limited = false;
};

asio::awaitable<void> Reconciler::run() {
  if (left_alone_ > 0) {
    --left_alone_;
    co_return;
  }
  auto calls = co_await doubtful();
  if (!calls) {
    log::warn("calls could not be reconciled", {{"reason", calls.error().message}});
    co_return;
  }
  if (!calls->empty()) co_await ask_all(std::move(*calls));
}

// Half of the questions at least are for the calls that look stuck: the others are over here.
asio::awaitable<Result<std::vector<calls::Call>>> Reconciler::doubtful() const {
  const WallTime now = parts_.clock.wall();
  calls::Doubts doubts{std::string(parts_.provider.name()), now - parts_.limits.reconcile_after, now - concluded_for,
                       max_questions};
  auto stuck = co_await calls::find_stuck(parts_.database, doubts);
  if (!stuck) co_return stuck;
  doubts.limit = max_questions - std::min(stuck->size(), max_questions / 2);
  auto concluded = co_await calls::find_concluded(parts_.database, doubts);
  if (!concluded) {
    log::warn("calls that ended without the provider's word were not found", {{"reason", concluded.error().message}});
    co_return stuck;
  }
  stuck->resize(std::min(stuck->size(), max_questions - concluded->size()));
  std::ranges::move(*concluded, std::back_inserter(*stuck));
  co_return stuck;
}

asio::awaitable<void> Reconciler::ask_all(std::vector<calls::Call> calls) {
  const auto loop = co_await asio::this_coro::executor;
  Round round{.calls = std::move(calls), .answered = asio::steady_timer(loop, asio::steady_timer::time_point::max())};
  round.asking = std::min(at_once, round.calls.size());
  for (std::size_t i = round.asking; i > 0; --i) asio::co_spawn(loop, ask(round), asio::detached);
  boost::system::error_code woken;
  while (round.asking > 0) co_await round.answered.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  back_off(round.limited);
  if (round.failed > 0) log::warn("the provider did not answer about calls", {{"calls", round.failed}});
}

asio::awaitable<void> Reconciler::ask(Round& round) {
  while (round.next < round.calls.size() && !round.limited) {
    const calls::Call& call = round.calls[round.next++];
    const auto result = co_await reconcile(call);
    count(round, call, result);
  }
  if (--round.asking == 0) round.answered.cancel();
}

void Reconciler::count(Round& round, const calls::Call& call, const Result<const char*>& result) const {
  if (result) return parts_.metrics.reconciled(*result).add();
  const bool limited = result.error().code == "rate_limited";
  parts_.metrics.reconciled(limited ? "rate_limited" : "error").add();
  if (limited) round.limited = true;
  ++round.failed;
  log::debug("a call could not be reconciled", {{"callId", call.id}, {"reason", result.error().message}});
}

void Reconciler::back_off(bool limited) {
  last_pause_ = limited ? std::clamp<std::size_t>(2 * last_pause_, 1, longest_pause) : 0;
  left_alone_ = last_pause_;
}

asio::awaitable<Result<const char*>> Reconciler::reconcile(const calls::Call& call) const {
  const auto word = co_await parts_.provider.fetch(call);
  if (!word) co_return word.error();
  const bool lives_there = word->has_value() && !calls::is_terminal((*word)->state);
  if (lives_there && calls::is_terminal(call.state)) {
    const auto hung_up = co_await parts_.provider.hang_up(call);
    if (!hung_up) co_return hung_up.error();
    log::info("a call that is over was hung up at the provider", {{"callId", call.id}});
    co_return "hung_up";
  }
  auto update = calls::settlement(call, *word, parts_.clock.wall());
  if (!update) co_return co_await agree_that_it_lives(call);
  const auto taken = co_await parts_.calls.update(std::move(*update));
  if (!taken) co_return taken.error();
  if (lives_there && taken->repeated) co_return co_await agree_that_it_lives(call);
  log::info("a call was reconciled", {{"callId", call.id}});
  co_return word->has_value() ? "settled" : "unknown";
}

asio::awaitable<Result<const char*>> Reconciler::agree_that_it_lives(const calls::Call& call) const {
  const auto touched = co_await calls::touch(parts_.database, call.id, parts_.clock.wall());
  if (!touched) co_return touched.error();
  co_return "alive";
}

}  // namespace trunkline::app

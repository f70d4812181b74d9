// All events of one request: in which order they are taken, and how often.

#include "providers/acs/exchange.hpp"
#include "providers/acs/intake.hpp"

#include <trunkline/observe/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace trunkline::providers::acs {
namespace {

constexpr std::size_t answered_at_once = 16;
constexpr Backoff::Schedule between_tries{milliseconds{250}, milliseconds{2'000}};

}  // namespace

/// Calls that ring, in one request.
struct Intake::Ringing {
  const std::vector<const Envelope*>& envelopes;
  BatchOutcome& outcome;
  Persistence& persistence;
  asio::steady_timer done;
  std::size_t next = 0;
  std::size_t lanes = 0;

  void note(const Outcome& one) {
    if (!one) {
      outcome.failed = one.error();
      return;
    }
    outcome.call_id = one->call_id;
    if (one->repeated) ++outcome.repeated;
  }
};

asio::awaitable<BatchOutcome> Intake::take_all(const std::vector<Result<Envelope>>& envelopes,
                                               const std::string& own_id) {
  BatchOutcome outcome;
  Persistence persistence(parts_.services.media.clock.mono() + parts_.settings.handling_time);
  std::vector<const Envelope*> arrivals;
  for (std::size_t i = 0; i < envelopes.size(); ++i) {
    if (!envelopes[i]) {
      outcome.malformed.emplace_back(i, envelopes[i].error());
      continue;
    }
    const Envelope& envelope = *envelopes[i];
    if (envelope.time) outcome.newest = std::max(outcome.newest.value_or(*envelope.time), *envelope.time);
    const bool rings = envelope.type == incoming_call_type && read_incoming_call(envelope).has_value();
    if (rings) {
      arrivals.push_back(&envelope);
      continue;
    }
    const Outcome one = co_await handle(envelope, own_id, persistence);
    if (!one && one.error().code == "invalid_event") {
      outcome.malformed.emplace_back(i, one.error());
    } else if (!one) {
      outcome.failed = one.error();
    } else {
      if (!one->call_id.empty()) outcome.call_id = one->call_id;
      if (one->repeated) ++outcome.repeated;
    }
  }
  co_await answer_all(arrivals, outcome, persistence);
  outcome.retries = persistence.retries();
  outcome.given_up = persistence.given_up();
  for (const auto& [index, error] : outcome.malformed) {
    log::warn("an event of Azure could not be read", {{"index", index}, {"reason", error.message}});
  }
  co_return outcome;
}

asio::awaitable<void> Intake::answer_all(const std::vector<const Envelope*>& arrivals, BatchOutcome& outcome,
                                         Persistence& persistence) {
  if (arrivals.empty()) co_return;
  const auto loop = co_await asio::this_coro::executor;
  Ringing all{arrivals, outcome, persistence, asio::steady_timer(loop, asio::steady_timer::time_point::max())};
  all.lanes = std::min(answered_at_once, arrivals.size());
  for (std::size_t i = all.lanes; i > 0; --i) asio::co_spawn(loop, answer_some(all), asio::detached);
  boost::system::error_code woken;
  while (all.lanes > 0) co_await all.done.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

asio::awaitable<void> Intake::answer_some(Ringing& arrivals) {
  while (arrivals.next < arrivals.envelopes.size()) {
    const Envelope& envelope = *arrivals.envelopes[arrivals.next++];
    const std::string no_call;
    const Outcome one = co_await handle(envelope, no_call, arrivals.persistence);
    arrivals.note(one);
  }
  if (--arrivals.lanes == 0) arrivals.done.cancel();
}

// Each try is as when the event comes again: what was done before is known, and done once.
asio::awaitable<Intake::Outcome> Intake::handle(const Envelope& envelope, const std::string& own_id,
                                                Persistence& persistence) {
  Backoff backoff(between_tries);
  for (bool again = false;; again = true) {
    Outcome one = co_await take(envelope, own_id);
    if (one && again) one->repeated = false;  // a try of ours is no repetition of the sender's
    if (one) co_return one;
    const MonoTime now = parts_.services.media.clock.mono();
    const auto wait = persistence.wait_after(one.error(), backoff, now, chance(parts_.ids));
    if (!wait) co_return one;
    log::info("an event is tried again", {{"type", envelope.type}, {"code", one.error().code}, {"ms", wait->count()}});
    co_await parts_.wait(*wait);
  }
}

}  // namespace trunkline::providers::acs

#include "events/webhook_policy.hpp"

#include <trunkline/base/text.hpp>

#include <algorithm>
#include <array>

namespace trunkline::events::webhooks {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// How long after an attempt that counts the next one is due; after the last there is none. Standard Webhooks.
constexpr std::array<seconds, 9> schedule = {seconds(5), minutes(5), minutes(30), hours(2), hours(5),
                                             hours(10),  hours(14),  hours(20),   hours(24)};
constexpr std::int64_t pause_from = 2;   // failures in a row
constexpr std::int64_t outage_from = 4;  // failures in a row that are hardly the fault of single deliveries
constexpr milliseconds first_probe{1'000};
constexpr milliseconds longest_pause{60'000};
constexpr milliseconds longest_hold = hours(1);
constexpr double spread = 0.1;

milliseconds with_jitter(milliseconds time, double jitter) {
  return time + milliseconds(static_cast<std::int64_t>(static_cast<double>(time.count()) * spread * jitter));
}

// The receiver, or what stands before it, has too much to do: more of it would be wrong at once.
bool asks_for_less(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

milliseconds back_off(std::int64_t failures) {
  const auto doublings = std::clamp<std::int64_t>(failures - pause_from, 0, 6);
  return std::min(first_probe * (std::int64_t{1} << doublings), longest_pause);
}

void succeed(Health& health, const Answer& answer, Judgement& judgement) {
  judgement.fate = Fate::delivered;
  if (health.failures >= outage_from) judgement.recovered_since = health.failing_since;
  health.failures = 0;
  health.failing_since.reset();
  health.probe_at = {};
  // What was under way when the receiver asked for patience says nothing about how it does now.
  if (answer.sent_at >= health.hold_until) health.hold_until = {};
}

void fail(Health& health, const Answer& answer, WallTime now, double jitter) {
  if (health.failures == 0) health.failing_since = answer.sent_at;
  ++health.failures;
  if (asks_for_less(answer.status)) health.failures = std::max(health.failures, pause_from);
  if (health.paused()) health.probe_at = now + with_jitter(back_off(health.failures), jitter);
  if (answer.retry_after && (answer.status == 429 || answer.status == 503)) {
    health.hold_until = std::max(health.hold_until, now + std::min(*answer.retry_after, longest_hold));
  }
}

}  // namespace

bool Health::paused() const {
  return failures >= pause_from;
}

Allowance allowance(const Health& health, std::size_t in_flight, std::size_t limit, WallTime now) {
  if (now < health.hold_until) return {};
  if (!health.paused()) return {limit - std::min(in_flight, limit), false};
  if (in_flight > 0 || now < health.probe_at) return {};
  return {1, true};
}

std::optional<WallTime> opens_at(const Health& health, WallTime now) {
  const WallTime at = health.paused() ? std::max(health.hold_until, health.probe_at) : health.hold_until;
  if (at <= now) return std::nullopt;
  return at;
}

Judgement judge(Health& health, const Plan& plan, const Answer& answer, WallTime now, double jitter) {
  const bool counts = answer.sent_at >= plan.due;  // what is early costs the delivery nothing
  if (answer.moot) return {Fate::dead, plan.attempts, plan.due, false, false, std::nullopt};
  Judgement judgement{Fate::again, plan.attempts + (counts ? 1 : 0), plan.due, false, false, std::nullopt};
  if (answer.status >= 200 && answer.status < 300) {
    succeed(health, answer, judgement);
    return judgement;
  }
  if (answer.status == 410) {
    judgement.gone = true;
    judgement.attempts = plan.attempts;  // it has its time when somebody enables the endpoint
    if (plan.test) judgement.fate = Fate::dead;
    return judgement;
  }
  const bool was_paused = health.paused();
  fail(health, answer, now, jitter);
  judgement.paused = !was_paused && health.paused();
  const auto done = static_cast<std::size_t>(judgement.attempts);
  if (plan.test || (counts && done > schedule.size())) {
    judgement.fate = Fate::dead;
  } else if (counts) {
    judgement.next_attempt = now + with_jitter(schedule[done - 1], jitter);
  }
  return judgement;
}

std::optional<milliseconds> read_retry_after(std::string_view value, WallTime now) {
  if (const auto number = text::to_uint(text::trim(value))) {
    return seconds(std::min<std::uint64_t>(*number, 1'000'000));
  }
  // Its date is that of e-mail, with GMT for the zone.
  std::string date(text::trim(value));
  if (!date.ends_with(" GMT")) return std::nullopt;
  date.replace(date.size() - 3, 3, "+0000");
  const auto time = text::parse_rfc2822(date);
  if (!time) return std::nullopt;
  return std::max(milliseconds(0), *time - now);
}

}  // namespace trunkline::events::webhooks

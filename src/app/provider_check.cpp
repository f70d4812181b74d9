#include "app/provider_check.hpp"

#include "app/first_word.hpp"

#include <trunkline/observe/log.hpp>

#include <boost/asio/this_coro.hpp>

#include <string>
#include <utility>

namespace trunkline::app {
namespace {

constexpr milliseconds soonest{5'000};

observe::Health::Finding finding_of(const Result<>& answer) {
  using Finding = observe::Health::Finding;
  if (answer) return Finding::up;
  const std::string code = answer.error().code;
  return code == "rate_limited" || code == "provider_unavailable" ? Finding::degraded : Finding::down;
}

}  // namespace

ProviderCheck::ProviderCheck(const Parts& parts)
    : parts_(parts), sooner_({soonest, parts.interval}), pause_(parts.interval) {
  // A result counts until the next one is overdue.
  parts_.health.expect(parts_.provider.name(), false, {}, 2 * parts_.interval + parts_.patience);
}

asio::awaitable<void> ProviderCheck::run() {
  const MonoTime began = parts_.clock.mono();
  const auto loop = co_await asio::this_coro::executor;
  FirstWord word(loop, parts_.health, std::string(parts_.provider.name()), parts_.patience);
  const auto answer = co_await parts_.provider.check();
  const auto took = std::chrono::duration_cast<milliseconds>(parts_.clock.mono() - began);
  const Finding finding = finding_of(answer);
  const Error error = answer ? Error() : answer.error();
  word.report(finding, took, error.message);
  note(finding, error);
}

void ProviderCheck::note(Finding finding, const Error& error) {
  const bool good = finding == Finding::up;
  if (good) sooner_.reset();
  pause_ = good ? parts_.interval : sooner_.next();
  if (std::exchange(last_, finding) == finding) return;
  if (good) {
    log::info("the provider answers", {{"provider", parts_.provider.name()}});
  } else {
    log::warn("the provider does not answer as it should", {{"provider", parts_.provider.name()},
                                                            {"code", error.code},
                                                            {"reason", error.message},
                                                            {"detail", error.detail}});
  }
}

}  // namespace trunkline::app

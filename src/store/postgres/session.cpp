#include "store/postgres/session.hpp"

#include "store/attempt.hpp"

#include <trunkline/observe/log.hpp>

#include <algorithm>
#include <thread>
#include <utility>

namespace trunkline::store::postgres {
namespace {

constexpr int most_attempts = 5;  // at one job: a statement that ends the server must not do it for ever
constexpr milliseconds first_pause{5}, longest_pause{200};  // after a conflict
constexpr milliseconds first_reconnect{50}, longest_reconnect{1'000};

MonoTime now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

Session::Session(const PostgresOptions& options)
    : options_(options), reconnecting_(first_reconnect, longest_reconnect) {}

void Session::serve(Job& job, Connection::Mode mode) {
  MonoTime deadline = job.since + options_.wait_limit;
  Backoff pause(first_pause, longest_pause);
  End end;
  for (int attempt = 1; attempt <= most_attempts; ++attempt) {
    end = {connect(deadline)};
    if (end.result) end = run(job, mode);
    if (end.remedy == Remedy::none || attempt == most_attempts) break;
    tidy();
    if (end.remedy == Remedy::run_again) std::this_thread::sleep_for(pause.next(chance()));
    deadline = std::max(deadline, now() + options_.wait_limit);  // it had its turn: now it waits for another
  }
  job.done(std::move(end.result));
  tidy();  // after the caller was told: it does not wait for the way back
}

Session::End Session::run(const Job& job, Connection::Mode mode) {
  connection_->begin(mode);
  auto worked = attempt([&] { return job.work(*connection_); });
  if (const auto& failure = connection_->failure()) {
    // What the work made of the failure is its answer, unless the fault is the server's or it did not notice.
    const bool told =
        worked.has_error() && (failure->remedy() == Remedy::none || failure->kind() == SqlFailure::Kind::constraint);
    return {told ? std::move(worked) : Result<>(to_error(*failure)), failure->remedy()};
  }
  if (!worked || mode == Connection::Mode::read) return {std::move(worked)};
  return commit();
}

Session::End Session::commit() {
  try {
    const auto doubt = connection_->commit();
    return doubt ? settle(*doubt) : End{};
  } catch (const Failure& failure) {
    return {to_error(failure), failure.remedy()};
  } catch (const SqlFailure& failure) {
    return {to_error(failure)};
  }
}

Session::End Session::settle(const CommitMark& mark) {
  let_go();
  const MonoTime deadline = now() + options_.doubt_limit;
  Backoff pause(first_reconnect, longest_reconnect);
  while (connect(deadline)) {
    const auto committed = attempt([&]() -> Result<bool> { return connection_->was_committed(mark); });
    if (committed && *committed) return {};
    if (committed) return {make_error("store_unavailable", "the database went away"), Remedy::run_again};
    let_go();
    if (now() >= deadline) break;
    std::this_thread::sleep_for(pause.next(chance()));
  }
  return {make_error("store_in_doubt",
                     "the database went away while it stored this; whether it did is not known. Ask again later")};
}

Result<> Session::connect(MonoTime deadline) {
  while (!connection_) {
    if (now() >= next_attempt_) try_to_connect();
    if (connection_) break;
    if (now() >= deadline) return problem_;
    std::this_thread::sleep_until(std::min(next_attempt_, deadline));
  }
  return {};
}

void Session::try_to_connect() {
  auto made = attempt([this]() -> Result<std::unique_ptr<Connection>> {
    return std::make_unique<Connection>(options_, ids_->secret(16));
  });
  if (made) {
    connection_ = std::move(*made);
    reconnecting_.reset();
    if (!down_since_) return;
    const auto down = std::chrono::duration_cast<milliseconds>(now() - *std::exchange(down_since_, std::nullopt));
    log::info("connected to the database again", {{"downMs", down.count()}});
    return;
  }
  next_attempt_ = now() + reconnecting_.next(chance());
  if (problem_ != made.error()) log::warn("the database cannot be reached", {{"reason", made.error().detail}});
  problem_ = made.error();
  if (!down_since_) down_since_ = now();
}

void Session::tidy() {
  if (!connection_) return;
  if (!connection_->broken()) connection_->roll_back();
  if (connection_->broken()) let_go();
}

void Session::let_go() {
  const auto& failure = connection_->failure();
  const std::string reason = failure ? failure->what() : "no answer";
  log::warn("a connection to the database was lost", {{"reason", reason}});
  problem_ = to_error(lost(reason));
  connection_.reset();
  if (!down_since_) down_since_ = now();
}

}  // namespace trunkline::store::postgres

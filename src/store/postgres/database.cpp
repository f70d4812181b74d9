#include "store/attempt.hpp"
#include "store/job_queue.hpp"
#include "store/postgres/session.hpp"

#include <trunkline/store/postgres.hpp>

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace trunkline::store {
namespace {

using postgres::Connection;
using postgres::Session;
using Mode = Connection::Mode;

constexpr milliseconds watch_interval{50};  // how late a job that waits for too long may be told

/// Jobs of one kind and the sessions that run them.
class Lane {
 public:
  Lane(const PostgresOptions& options, Mode mode, std::size_t sessions) : mode_(mode), queue_(options.queue_limit) {
    for (std::size_t i = 0; i < sessions; ++i) sessions_.push_back(std::make_unique<Session>(options));
  }

  void start(const char* name) {
    for (auto& session : sessions_) {
      threads_.emplace_back([this, &session = *session] { run(session); });
      pthread_setname_np(threads_.back().native_handle(), name);
    }
  }

  void submit(Job job) {
    const bool write = mode_ == Mode::write;
    switch (queue_.try_push(job)) {
      case JobQueue::Push::taken:
        return;
      case JobQueue::Push::closed:
        return job.done(make_error("store_unavailable", "the database is closed: the gateway is going"));
      case JobQueue::Push::full:
        return job.done(make_error("overloaded", write ? "the database's write queue is full; try again later"
                                                       : "the database's read queue is full; try again later"));
    }
  }

  void give_up_older(MonoTime moment) {
    for (Job& job : queue_.take_older(moment)) {
      job.done(make_error("store_unavailable", "no connection to the database was free in time; try again later"));
    }
  }

  void close() { queue_.close(); }
  void join() {
    for (auto& thread : std::exchange(threads_, {})) thread.join();
  }
  std::size_t queued() const { return queue_.size(); }

 private:
  // A session that hangs must hold up no job but its own, so each takes one.
  void run(Session& session) {
    for (;;) {
      auto jobs = queue_.take(1);
      if (jobs.empty()) return;
      session.serve(jobs.front(), mode_);
    }
  }

  Mode mode_;
  JobQueue queue_;
  std::vector<std::unique_ptr<Session>> sessions_;
  std::vector<std::thread> threads_;
};

std::size_t reading(const PostgresOptions& options) {
  return std::max<std::size_t>(1, options.connections / 4);
}
std::size_t writing(const PostgresOptions& options) {
  return std::max<std::size_t>(1, options.connections - std::min(options.connections, reading(options)));
}

class PostgresDatabase final : public Database {
 public:
  explicit PostgresDatabase(const PostgresOptions& options)
      : wait_limit_(options.wait_limit),
        writes_(options, Mode::write, writing(options)),
        reads_(options, Mode::read, reading(options)) {
    writes_.start("postgres-write");
    reads_.start("postgres-read");
    watch_ = std::thread([this] { watch(); });
    pthread_setname_np(watch_.native_handle(), "postgres-watch");
  }

  ~PostgresDatabase() override { stop(); }

  void stop() override {
    for (Lane* lane : {&writes_, &reads_}) lane->close();
    for (Lane* lane : {&writes_, &reads_}) lane->join();
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    wake_.notify_all();
    if (watch_.joinable()) watch_.join();
  }

  std::string_view driver() const override { return "postgres"; }
  std::size_t queued() const override { return writes_.queued() + reads_.queued(); }

 protected:
  void submit(Access access, std::function<Result<>(Sql&)> work, std::function<void(Result<>)> done) override {
    Lane& lane = access == Access::write ? writes_ : reads_;
    lane.submit({std::move(work), std::move(done), std::chrono::steady_clock::now()});
  }

 private:
  // Jobs wait while every session is busy, or has a job in hand that waits for the server.
  void watch() {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, watch_interval, [this] { return stopped_; })) {
      const auto moment = std::chrono::steady_clock::now() - wait_limit_;
      for (Lane* lane : {&writes_, &reads_}) lane->give_up_older(moment);
    }
  }

  milliseconds wait_limit_;
  Lane writes_;
  Lane reads_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopped_ = false;
  std::thread watch_;
};

Error cannot_use(const Error& error) {
  return make_error(error.code, "the database cannot be used: " + error.detail, error.detail);
}

// A server that is not there yet may come; one that answers and refuses us will hardly change its mind.
Result<> reach(Session& session, const PostgresOptions& options) {
  const MonoTime deadline = std::chrono::steady_clock::now() + options.wait_limit;
  for (;;) {
    auto reached = session.connect(MonoTime());
    if (reached) return reached;
    const bool refused = postgres::server_answers(options.url, options.connect_timeout);
    if (refused || reached.error().code != "store_unavailable" || std::chrono::steady_clock::now() >= deadline) {
      return cannot_use(reached.error());
    }
    std::this_thread::sleep_for(watch_interval);
  }
}

Result<> check(const PostgresOptions& options) {
  const auto problem = postgres::problem_with(options.url);
  if (problem.empty()) return {};
  return make_error("store_failed", "the URL of the database cannot be read: " + problem);
}

}  // namespace

Result<std::unique_ptr<Database>> open_postgres(const PostgresOptions& options) {
  if (auto checked = check(options); !checked) return checked.error();
  Session first(options);
  if (auto reached = reach(first, options); !reached) return reached.error();
  auto prepared = attempt([&first]() -> Result<> {
    first.connection().prepare_database();
    return {};
  });
  if (!prepared) return cannot_use(prepared.error());
  return std::make_unique<PostgresDatabase>(options);
}

Result<std::string> try_postgres(const PostgresOptions& options) {
  if (auto checked = check(options); !checked) return checked.error();
  Session session(options);
  if (auto reached = session.connect(MonoTime()); !reached) return cannot_use(reached.error());
  return session.connection().describe();
}

}  // namespace trunkline::store

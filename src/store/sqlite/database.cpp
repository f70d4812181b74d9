#include "store/attempt.hpp"
#include "store/job_queue.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/group_commit.hpp"

#include <trunkline/base/lock_file.hpp>
#include <trunkline/store/sqlite.hpp>

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <span>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace trunkline::store {
namespace {

using sqlite::Connection;

/// Enough to make the cost of a commit small, few enough that the first of a batch does not wait long for the last.
constexpr std::size_t jobs_per_commit = 128;

class SqliteDatabase final : public Database {
 public:
  /// With a lock it writes, too.
  SqliteDatabase(const SqliteOptions& options, std::optional<LockFile> lock)
      : lock_(std::move(lock)), writes_(options.queue_limit), reads_(options.queue_limit) {
    if (lock_) writer_.emplace(options.path, Connection::Mode::write, options.busy_timeout);
    const auto readers = std::max<std::size_t>(1, options.read_threads);
    for (std::size_t i = 0; i < readers; ++i) {
      readers_.push_back(std::make_unique<Connection>(options.path, Connection::Mode::read, options.busy_timeout));
    }
    if (writer_) start("sqlite-write", [this] { write_loop(); });
    for (auto& reader : readers_) start("sqlite-read", [this, &reader = *reader] { read_loop(reader); });
  }

  ~SqliteDatabase() override { stop(); }

  void stop() override {
    writes_.close();
    reads_.close();
    for (auto& thread : std::exchange(threads_, {})) thread.join();
  }

  std::string_view driver() const override { return "sqlite"; }
  std::size_t queued() const override { return writes_.size() + reads_.size(); }

 protected:
  void submit(Access access, std::function<Result<>(Sql&)> work, std::function<void(Result<>)> done) override {
    Job job{std::move(work), std::move(done)};
    const bool write = access == Access::write;
    if (write && !writer_) return job.done(make_error("store_unavailable", "the database is open to be read only"));
    switch ((write ? writes_ : reads_).try_push(job)) {
      case JobQueue::Push::taken:
        return;
      case JobQueue::Push::closed:
        return job.done(make_error("store_unavailable", "the database is closed: the gateway is going"));
      case JobQueue::Push::full:
        return job.done(make_error("overloaded", write ? "the database's write queue is full; try again later"
                                                       : "the database's read queue is full; try again later"));
    }
  }

 private:
  template <class Loop>
  void start(const char* name, Loop loop) {
    threads_.emplace_back(std::move(loop));
    pthread_setname_np(threads_.back().native_handle(), name);
  }

  void write_loop() {
    serve(writes_, jobs_per_commit, [this](std::span<Job> jobs) { sqlite::commit_together(*writer_, jobs); });
  }

  void read_loop(Connection& reader) {
    serve(reads_, 1, [&reader](std::span<Job> jobs) { sqlite::read_alone(reader, jobs.front()); });
  }

  /// Lets go of the jobs before it waits again: they keep their callers' loops running.
  template <class Handle>
  static void serve(JobQueue& queue, std::size_t most, Handle handle) {
    for (;;) {
      auto jobs = queue.take(most);
      if (jobs.empty()) return;
      handle(std::span(jobs));
    }
  }

  std::optional<LockFile> lock_;  // first in, last out
  std::optional<Connection> writer_;
  std::vector<std::unique_ptr<Connection>> readers_;
  JobQueue writes_;
  JobQueue reads_;
  std::vector<std::thread> threads_;
};

Result<> make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (!error) return {};
  return make_error("store_unavailable", "the folder of the database cannot be made",
                    folder.string() + ": " + error.message());
}

// The answers kept for providers hold media tokens, and all the rest is private as well. SQLite gives the files beside
// the database (-wal, -shm) the database's own mode, so that it is made before SQLite would; files of an earlier run
// are closed to others here. What cannot be done here is for the connections to find out.
void keep_from_others(const std::filesystem::path& database) {
  constexpr mode_t owner_and_group = 0640;
  const int descriptor = ::open(database.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, owner_and_group);
  if (descriptor >= 0) ::close(descriptor);
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::error_code ignored;
    std::filesystem::permissions(database.string() + suffix, std::filesystem::perms::others_all,
                                 std::filesystem::perm_options::remove, ignored);
  }
}

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(const SqliteOptions& options) {
  return attempt([&options]() -> Result<std::unique_ptr<Database>> {
    if (options.only_to_read) return std::make_unique<SqliteDatabase>(options, std::nullopt);
    if (auto made = make_folder(options.path.parent_path()); !made) return made.error();
    auto lock = LockFile::take(options.path.string() + ".lock");
    if (!lock) return lock.error();
    keep_from_others(options.path);  // before the first connection: closing a file drops a process's locks on it
    return std::make_unique<SqliteDatabase>(options, std::move(*lock));
  });
}

}  // namespace trunkline::store

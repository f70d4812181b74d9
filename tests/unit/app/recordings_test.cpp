#include "app/recovery.hpp"
#include "app/session_sinks.hpp"
#include "unit/calls/service_fixture.hpp"

#include <trunkline/base/crypto.hpp>
#include <trunkline/events/event_hub.hpp>
#include <trunkline/recording/wav.hpp>
#include <trunkline/store/memory_live.hpp>

#include <nlohmann/json.hpp>

#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <thread>

namespace trunkline::app {
namespace {

using calls::test::run;
using nlohmann::json;

/// A store under a process that is killed when the first recording is settled: nothing gets through any more.
class DyingDatabase final : public store::test::WrappedDatabase {
 public:
  enum class Moment { before_commit, after_commit };
  DyingDatabase(store::Database& inner, Moment moment) : WrappedDatabase(inner), moment_(moment) {}

 private:
  void submit(Access access, std::function<Result<>(store::Sql&)> work, std::function<void(Result<>)> done) override {
    if (dead_) return done(killed());
    if (access == Access::read) return done(pass(access, std::move(work)));
    done(pass(access, [&](store::Sql& sql) -> Result<> {
      auto result = work(sql);
      dead_ = sql.query("SELECT COUNT(*) FROM call_recordings WHERE state <> 'recording'").at(0).integer(0) > 0;
      return dead_ && moment_ == Moment::before_commit ? Result<>(killed()) : result;
    }));
  }

  static Error killed() { return make_error("store_failed", "the process is gone"); }

  const Moment moment_;
  std::atomic<bool> dead_ = false;
};

void wait_until(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!holds() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  REQUIRE(holds());
}

/// The sinks of one process over `database`, as app makes them.
struct Process {
  Process(calls::test::Fixture& node, store::Database& database)
      : calls(node.make_service(database)),
        library(database, node.folder / "recordings"),
        hub(*calls, *live, workers.at(0)),
        sinks({*calls, library, hub, metrics, {writers, finishers}, workers, *node.ids, node.clock}),
        recovery{*calls, library, finishers, node.clock} {
    workers.start();
  }
  // No coroutine is left that waits for the service: the databases of these tests answer at once, on their caller's
  // thread.
  ~Process() {
    workers.stop();
    writers.stop();
    finishers.stop();
    workers.run_ready();
  }

  /// One recording of so many frames, to its end.
  void record(const calls::MediaGrant& grant, int frames) {
    const auto all = sinks.make_sinks(grant, {}, false);
    const std::vector<std::uint8_t> audio(160, 0x90);
    for (int i = 0; i < frames; ++i) {
      for (const auto& sink : all) {
        sink->on_frame({media::Track::inbound, media::FrameKind::audio, i * 160, 160, audio, {}});
      }
    }
    for (const auto& sink : all) sink->on_end(media::EndCause::stop);
    wait_until([this] { return sinks.unfinished() == 0; });
  }

  net::Workers workers{1};
  std::unique_ptr<calls::CallService> calls;
  recording::Library library;
  observe::Metrics metrics{"test"};
  ThreadPool writers{"writers", 1, 100};
  ThreadPool finishers{"finishers", 1, 100};
  std::unique_ptr<store::LiveStore> live = store::make_memory_live(workers.at(0).context(), system_clock());
  events::EventHub hub;
  SessionSinks sinks;
  Recovery recovery;
};

struct Node : calls::test::Fixture {
  calls::MediaGrant connect(const std::string& sid) {
    const auto call = arrive(sid);
    auto grant = run(service->start_media({call.call_id, sid, call.token, "MZ" + sid, true, "{}"}));
    REQUIRE(grant.has_value());
    grant->route.transcribe = false;
    return std::move(*grant);
  }

  std::int64_t told(const std::string& type) { return count("call_events WHERE type = '" + type + "'"); }
  bool settled(const std::string& recording_id, const std::string& state) {
    return count("call_recordings WHERE id = '" + recording_id + "' AND state = '" + state + "'") == 1;
  }
  json outcome(const std::string& type) {
    auto read = [&](store::Sql& sql) -> Result<std::string> {
      return sql.query("SELECT data FROM call_events WHERE type = $1", {type}).at(0).text(0);
    };
    return json::parse(database->read_blocking<std::string>(read).value());
  }

  /// What the next start makes of it, until it has come to a recording that never had a file.
  void restart() {
    clock.advance(std::chrono::seconds(1));
    const auto last = connect("CAlast");
    clock.advance(std::chrono::seconds(1));
    Process next(*this, flaky);
    REQUIRE(next.recovery.begin("node_1", next.workers.at(0)).has_value());
    wait_until([&] { return settled(last.recording_id, "failed"); });
  }
};

TEST_CASE("a recording and its event are settled together, whenever the process is killed") {
  const auto moment = GENERATE(DyingDatabase::Moment::before_commit, DyingDatabase::Moment::after_commit);
  const bool lost = moment == DyingDatabase::Moment::before_commit;
  Node node;
  const auto grant = node.connect("CA1");
  {
    DyingDatabase dying(*node.database, moment);
    Process process(node, dying);
    process.record(grant, 100);
  }
  CHECK(node.told("recording.completed") == (lost ? 0 : 1));
  CHECK(node.settled(grant.recording_id, lost ? "recording" : "completed"));

  node.restart();
  CHECK(node.told("recording.completed") == 1);
  CHECK(node.settled(grant.recording_id, "completed"));
  const auto data = node.outcome("recording.completed");
  CHECK(data["recordingId"] == grant.recording_id);
  CHECK(data["durationMs"] == 2000);
  CHECK(data.value("recovered", false) == lost);
}

TEST_CASE("a recording that ends while the store is away is settled when it is back") {
  Node node;
  const auto grant = node.connect("CA1");
  node.flaky.fail_writes(3);
  {
    Process process(node, node.flaky);
    process.record(grant, 100);
  }
  CHECK(node.told("recording.completed") == 1);
  CHECK(node.settled(grant.recording_id, "completed"));
}

TEST_CASE("what a crash left behind is settled although the store is away at first") {
  Node node;
  const auto grant = node.connect("CA1");
  node.clock.advance(std::chrono::seconds(1));
  node.flaky.fail_writes(3);
  Process next(node, node.flaky);
  REQUIRE(next.recovery.begin("node_1", next.workers.at(0)).has_value());
  wait_until([&] { return node.settled(grant.recording_id, "failed"); });
  CHECK(node.told("recording.failed") == 1);
  CHECK(node.outcome("recording.failed")["reason"] == "recording_missing");
}

/// No file of this process grows beyond so many bytes meanwhile, as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : signal_(std::signal(SIGXFSZ, SIG_IGN)) {
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    const rlimit tight{bytes, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &tight) == 0);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, signal_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  void (*signal_)(int);
  rlimit before_{};
};

TEST_CASE("the row of a recording that the disk cut short knows what there is of it") {
  Node node;
  const auto grant = node.connect("CA1");
  {
    const FullDisk full(1'000'000);  // above what the database needs
    Process process(node, node.flaky);
    process.record(grant, 2'000);  // 40 s, 1.28 MB
  }
  REQUIRE(node.settled(grant.recording_id, "failed"));
  recording::Library library(*node.database, node.folder / "recordings");
  const auto row = run(library.find(grant.recording_id)).value();
  CHECK(row.failure == "disk_failed");
  const auto file = library.file_of(row);
  CHECK(row.facts.size_bytes == static_cast<std::int64_t>(std::filesystem::file_size(file)));
  CHECK(row.facts.size_bytes > 900'000);
  CHECK(row.facts.duration_ms == (row.facts.size_bytes - recording::wav_header_bytes) / 32);
  const auto audio = recording::read_wav(file);
  REQUIRE(audio.has_value());
  CHECK(std::ssize(audio->samples) / 2 * 1000 / 8000 == row.facts.duration_ms);
  std::ifstream bytes(file, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(bytes), {}};
  CHECK(row.facts.sha256 == crypto::hex(crypto::sha256(content)));

  const auto data = node.outcome("recording.failed");
  CHECK(data["reason"] == "disk_failed");
  CHECK(data["durationMs"] == row.facts.duration_ms);
  CHECK(data["sha256"] == row.facts.sha256);
}

TEST_CASE("a recording that never got a file fails without facts") {
  Node node;
  const auto grant = node.connect("CA1");
  std::ofstream(node.folder / "recordings") << "a file where a folder should be";
  {
    Process process(node, node.flaky);
    process.record(grant, 10);
  }
  CHECK(node.settled(grant.recording_id, "failed"));
  CHECK(node.outcome("recording.failed")["reason"] == "disk_failed");
  CHECK_FALSE(node.outcome("recording.failed").contains("durationMs"));
}

}  // namespace
}  // namespace trunkline::app

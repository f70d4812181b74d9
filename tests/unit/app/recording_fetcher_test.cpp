#include "app/recording_fetcher.hpp"

#include "app/cleanup_store.hpp"
#include "unit/app/fetch_fixture.hpp"

#include <trunkline/base/crypto.hpp>
#include <trunkline/calls/verify.hpp>

#include <nlohmann/json.hpp>

#include <condition_variable>
#include <fstream>
#include <map>
#include <mutex>

namespace trunkline::app {
namespace {

using calls::EventType;
using nlohmann::json;
using test::FetchFixture;
using test::run;

const std::string wav = std::string("RIFF\0\0\0\0WAVEfmt ", 16) + std::string("\x10\0\0\0\x01\0\x01\0", 8) +
                        std::string("\x40\x1F\0\0\x80\x3E\0\0\x02\0\x10\0", 12) + "data" +
                        std::string("\x80\x3E\0\0", 4) + std::string(16'000, 's');

/// A provider's storage: gives two parts of a file, fails as often as it was told to.
class Storage final : public recording::FileSource {
 public:
  std::string_view provider() const override { return "twilio"; }

  asio::awaitable<Result<std::uint64_t>> download(std::string location, const Take& take) override {
    note(location);
    if (auto error = next_failure()) co_return *error;
    auto first = take(0, wav.substr(0, 1'000));
    const auto begun = co_await std::move(first);
    if (!begun) co_return begun.error();
    if (auto error = next_break()) co_return *error;
    auto rest = take(1'000, wav.substr(1'000));
    const auto ended = co_await std::move(rest);
    if (!ended) co_return ended.error();
    co_return std::uint64_t{wav.size()};
  }
  asio::awaitable<Result<>> remove(std::string location) override {
    note("remove " + location);
    if (auto error = next_failure()) co_return *error;
    co_return Result<>{};
  }

  void fail(std::vector<Error> errors) {
    const std::lock_guard lock(mutex_);
    failures_ = std::move(errors);
  }
  void break_off() {
    const std::lock_guard lock(mutex_);
    breaks_ = true;
  }
  std::vector<std::string> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  std::vector<std::string> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    heard_.wait_for(lock, std::chrono::seconds(10), [&] { return asked_.size() >= count; });
    return asked_;
  }

 private:
  void note(std::string what) {
    const std::lock_guard lock(mutex_);
    asked_.push_back(std::move(what));
    heard_.notify_all();
  }
  std::optional<Error> next_failure() {
    const std::lock_guard lock(mutex_);
    if (failures_.empty()) return std::nullopt;
    Error error = failures_.front();
    failures_.erase(failures_.begin());
    return error;
  }
  std::optional<Error> next_break() {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(breaks_, false)) return std::nullopt;
    return make_error("provider_unavailable", "half an answer");
  }

  mutable std::mutex mutex_;
  std::condition_variable heard_;
  std::vector<std::string> asked_;
  std::vector<Error> failures_;
  bool breaks_ = false;
};

struct FetcherFixture {
  net::Worker worker{0};  // outlives those whose threads answer to it
  FetchFixture calls;
  ThreadPool pool{"files", 1, 100};
  recording::Library library{*calls.database, calls.folder / "recordings"};
  observe::Metrics metrics{"test"};
  config::Recording settings;
  Storage storage;
  std::unique_ptr<RecordingFetcher> fetcher;

  void start(const std::string& node = "node_1") {
    fetcher = std::make_unique<RecordingFetcher>(RecordingFetcher::Parts{
        *calls.service, library, *calls.database, {&storage}, worker, pool, metrics, settings, calls.clock, node});
    fetcher->start();
    worker.start();
  }
  ~FetcherFixture() {
    if (fetcher) fetcher->stop();
    pool.stop();
    calls.service->stop();
    calls.database->stop();
    worker.stop();
    while (worker.run_ready()) {
    }
  }
  json told(EventType type) { return json::parse(calls.observer.wait_for(calls.call_id, type).data); }
  /// Until no job is left: each ends a moment after what it tells.
  bool all_done() {
    for (int i = 0; i < 1'000; ++i) {
      if (calls.count("recording_fetches") == 0) return true;
      std::this_thread::yield();
    }
    return until([this] { return calls.count("recording_fetches") == 0; });
  }
  template <class Probe>
  bool until(Probe probe) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!probe()) {
      if (std::chrono::steady_clock::now() > limit) return false;
      std::this_thread::yield();
    }
    return true;
  }
  std::string content(const recording::Recording& of) const {
    std::ifstream file(library.file_of(of), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  recording::Recording row(const std::string& id) { return run(library.find(id)).value(); }
  bool counted(const std::string& line) { return metrics.render().find("\ntrunkline_" + line) != std::string::npos; }
};

TEST_CASE("a provider's file comes into the library, and then it is told of") {
  FetcherFixture fixture;
  const std::string id = fixture.calls.announce("a");
  fixture.start();
  const json data = fixture.told(EventType::recording_completed);
  CHECK(data["recordingId"] == id);
  CHECK(data["providerRecordingId"] == "r-a");
  CHECK(data["source"] == "twilio");
  CHECK(data["part"] == 3);
  CHECK(data["sha256"] == crypto::hex(crypto::sha256(wav)));
  const auto row = fixture.row(id);
  CHECK(row.state == "completed");
  CHECK(row.facts.size_bytes == static_cast<std::int64_t>(wav.size()));
  CHECK(row.facts.duration_ms == 1'000);
  CHECK(row.facts.channels == 1);
  CHECK(row.facts.sample_rate == 8'000);
  CHECK(row.source == "twilio");
  CHECK(fixture.content(row) == wav);
  CHECK(fixture.all_done());
  CHECK(fixture.storage.asked() == std::vector<std::string>{"a"});
  CHECK(fixture.counted("recording_fetches_total{outcome=\"fetched\"} 1"));
  CHECK(fixture.counted("recording_fetch_bytes_total " + std::to_string(wav.size())));
  CHECK(calls::verify_calls(*fixture.calls.database).value().agrees());
}

TEST_CASE("one that breaks off or is not there yet is fetched again, from its beginning") {
  FetcherFixture fixture;
  fixture.settings.fetch_retry = std::chrono::seconds(0);
  fixture.storage.fail({make_error("recording_gone", "404"), make_error("rate_limited", "429")});
  fixture.storage.break_off();
  const std::string id = fixture.calls.announce("a");
  fixture.start();
  fixture.told(EventType::recording_completed);
  CHECK(fixture.content(fixture.row(id)) == wav);
  CHECK(fixture.storage.asked().size() == 4);
  CHECK(fixture.counted("recording_fetches_total{outcome=\"retried\"} 3"));
}

TEST_CASE("one that cannot be fetched has failed, with the reason, and its job ends") {
  FetcherFixture fixture;
  fixture.settings.fetch_retry = std::chrono::seconds(0);
  fixture.settings.fetch_attempts = 2;
  fixture.storage.fail({make_error("unreachable", "no way"), make_error("unreachable", "no way")});
  const std::string id = fixture.calls.announce("a", "wav", "d");
  fixture.start();
  const json data = fixture.told(EventType::recording_failed);
  CHECK(data["reason"] == "unreachable");
  CHECK(data["providerRecordingId"] == "r-a");
  CHECK(fixture.row(id).state == "failed");
  CHECK(fixture.row(id).failure == "unreachable");
  CHECK(fixture.all_done());
  CHECK(fixture.storage.asked() == std::vector<std::string>{"a", "a"});  // and is left where it is
  CHECK(fixture.counted("recording_fetches_total{outcome=\"failed\"} 1"));
  CHECK(calls::verify_calls(*fixture.calls.database).value().agrees());
}

TEST_CASE("what is fetched is removed at the provider where that is wanted, also at the second attempt") {
  FetcherFixture fixture;
  fixture.settings.fetch_retry = std::chrono::seconds(0);
  fixture.calls.announce("a", "wav", "d");
  fixture.start();
  CHECK(fixture.all_done());
  CHECK(fixture.storage.asked() == std::vector<std::string>{"a", "remove d"});
  fixture.storage.fail({});
  fixture.calls.announce("b", "wav", "e");
  CHECK(fixture.all_done());
  CHECK(fixture.storage.wait_for(4).back() == "remove e");
}

TEST_CASE("what a node left under way is done by it anew, and what was settled only ended") {
  FetcherFixture fixture;
  const std::string id = fixture.calls.announce("a");
  const std::string settled = fixture.calls.announce("b", "wav", "d");
  REQUIRE(store::test::execute(*fixture.calls.database,
                               "UPDATE recording_fetches SET claimed_by = 'node_1', claimed_until = 9000000000000000")
              .has_value());
  const std::string data = R"({"recordingId":")" + settled + R"(","sizeBytes":5})";
  REQUIRE(run(fixture.calls.service->append(fixture.calls.call_id, EventType::recording_completed, data)).has_value());
  std::filesystem::create_directories(fixture.library.folder() / ".incoming");
  std::ofstream(fixture.library.folder() / ".incoming" / (id + ".node_1")) << "RIFF";
  fixture.start();
  CHECK(fixture.all_done());
  auto asked = fixture.storage.asked();
  std::ranges::sort(asked);
  CHECK(asked == std::vector<std::string>{"a", "remove d"});
  CHECK(fixture.content(fixture.row(id)) == wav);
  CHECK(std::filesystem::is_empty(fixture.library.folder() / ".incoming"));
}

TEST_CASE("what another node works on is left to it") {
  FetcherFixture fixture;
  const std::string others = fixture.calls.announce("a");
  REQUIRE(store::test::execute(*fixture.calls.database,
                               "UPDATE recording_fetches SET claimed_by = 'node_2', claimed_until = 9000000000000000")
              .has_value());
  const std::string id = fixture.calls.announce("b");
  fixture.start();
  CHECK(fixture.told(EventType::recording_completed)["recordingId"] == id);
  CHECK(fixture.storage.asked() == std::vector<std::string>{"b"});
  CHECK(fixture.row(others).state == "recording");
}

TEST_CASE("files of a provider that is not there any more fail in the end") {
  FetcherFixture fixture;
  fixture.settings.fetch_attempts = 1;
  const std::string id = fixture.calls.announce("a");
  REQUIRE(store::test::execute(*fixture.calls.database, "UPDATE recording_fetches SET provider = 'other'").has_value());
  fixture.start();
  CHECK(fixture.told(EventType::recording_failed)["reason"] == "provider_not_configured");
  CHECK(fixture.row(id).state == "failed");
}

TEST_CASE("neither the repair after a crash nor the search for orphans touches what is being fetched") {
  FetcherFixture fixture;
  const std::string id = fixture.calls.announce("a");
  CHECK(run(fixture.library.unfinished("node_1")).value().empty());
  REQUIRE(store::test::execute(*fixture.calls.database, "UPDATE call_recordings SET node = 'node_gone'").has_value());
  REQUIRE(fixture.calls.report("CA1", "over", calls::State::ended).has_value());
  const auto orphans = fixture.calls.database->read_blocking<std::size_t>([&](store::Sql& sql) -> Result<std::size_t> {
    return find_orphans(sql, fixture.calls.clock.wall() + std::chrono::hours(2), 10).size();
  });
  CHECK(orphans.value() == 0);
  CHECK(fixture.row(id).state == "recording");
}

}  // namespace
}  // namespace trunkline::app

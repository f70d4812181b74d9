#include "app/fetch_store.hpp"

#include "unit/app/fetch_fixture.hpp"

namespace trunkline::app {
namespace {

using test::FetchFixture;
using test::run;
using namespace std::chrono_literals;

struct StoreFixture : FetchFixture {
  std::vector<FetchJob> claim(const std::string& node, std::size_t limit = 10, milliseconds time = 60s) {
    const FetchClaim asked{node, clock.wall(), time, limit};
    return in_store<std::vector<FetchJob>>([&](store::Sql& sql) { return claim_fetches(sql, asked); });
  }
  std::set<std::string> renew(const std::string& node) {
    return in_store<std::set<std::string>>([&](store::Sql& sql) { return renew_fetches(sql, node, 60s); });
  }
  FetchBacklog backlog() {
    return in_store<FetchBacklog>([&](store::Sql& sql) { return look_at_fetches(sql, clock.wall()); });
  }
  template <class Work>
  void change(Work work) {
    in_store<bool>([&](store::Sql& sql) {
      work(sql);
      return true;
    });
  }
  template <class T, class Work>
  T in_store(Work work) {
    const auto done = database->write_blocking<T>([&](store::Sql& sql) -> Result<T> { return work(sql); });
    REQUIRE(done.has_value());
    return *done;
  }
};

TEST_CASE("a job is one node's, with all that it needs, and its recording lies there") {
  StoreFixture fixture;
  const std::string id = fixture.announce("a", "mp3", "d");
  CHECK(fixture.backlog().waiting == 1);
  CHECK(fixture.backlog().due);
  const auto jobs = fixture.claim("node_1");
  REQUIRE(jobs.size() == 1);
  const FetchJob& job = jobs[0];
  CHECK(job.recording_id == id);
  CHECK(job.call_id == fixture.call_id);
  CHECK(job.provider == "twilio");
  CHECK(job.location == "a");
  CHECK(job.delete_location == "d");
  CHECK(job.duration == 700ms);
  CHECK(job.state == "recording");
  CHECK(job.format == "mp3");
  CHECK(job.path.ends_with(id + ".mp3"));
  CHECK(job.provider_recording_id == "r-a");
  CHECK(job.part == 3);
  CHECK(fixture.count("call_recordings WHERE node = 'node_1'") == 1);
  CHECK(fixture.claim("node_2").empty());
  CHECK(fixture.claim("node_1").empty());
  CHECK_FALSE(fixture.backlog().due);
}

TEST_CASE("a claim that ran out is another node's, and the first one sees that") {
  StoreFixture fixture;
  const std::string id = fixture.announce("a");
  REQUIRE(fixture.claim("node_1", 10, -1s).size() == 1);
  CHECK(fixture.renew("node_1") == std::set<std::string>{id});  // nobody came in between
  CHECK(fixture.claim("node_2").empty());
  fixture.change([](store::Sql& sql) { let_go_of_fetches(sql, "node_1"); });
  REQUIRE(fixture.claim("node_1", 10, -1s).size() == 1);
  REQUIRE(fixture.claim("node_2").size() == 1);
  CHECK(fixture.renew("node_1").empty());
  fixture.change([&](store::Sql& sql) { end_fetch(sql, "node_1", id); });
  CHECK(fixture.backlog().waiting == 1);
  fixture.change([&](store::Sql& sql) { end_fetch(sql, "node_2", id); });
  CHECK(fixture.backlog().waiting == 0);
}

TEST_CASE("what is put off waits for its time, whoever comes") {
  StoreFixture fixture;
  fixture.announce("a");
  auto job = fixture.claim("node_1").at(0);
  job.attempts = 2;
  fixture.change([&](store::Sql& sql) { put_off_fetch(sql, "node_1", job, fixture.clock.wall() + 10s); });
  CHECK(fixture.claim("node_2").empty());
  CHECK(fixture.renew("node_1").empty());
  fixture.clock.advance(10s);
  const auto jobs = fixture.claim("node_2");
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].attempts == 2);
}

TEST_CASE("jobs go in the order of their times, no more than there is room for") {
  StoreFixture fixture;
  const std::string first = fixture.announce("a");
  fixture.clock.advance(1s);
  fixture.announce("b");
  const auto jobs = fixture.claim("node_1", 1);
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].recording_id == first);
  CHECK(fixture.claim("node_2", 1).size() == 1);
}

TEST_CASE("a job says how its recording came out, or that it is there no more") {
  StoreFixture fixture;
  const std::string id = fixture.announce("a");
  const std::string data = R"({"recordingId":")" + id + R"(","sizeBytes":5})";
  REQUIRE(run(fixture.service->append(fixture.call_id, calls::EventType::recording_completed, data)).has_value());
  CHECK(fixture.claim("node_1", 1, -1s).at(0).state == "completed");
  CHECK(fixture.count("call_recordings WHERE node = 'node_1'") == 0);  // it lies where it was fetched
  REQUIRE(store::test::execute(*fixture.database, "DELETE FROM call_recordings").has_value());
  CHECK(fixture.claim("node_1").at(0).state.empty());
}

TEST_CASE("a fetch is tried less and less often, a bounded number of times") {
  config::Recording settings;
  settings.fetch_attempts = 12;
  settings.fetch_retry = std::chrono::seconds(5);
  const Error away = make_error("unreachable", "");
  CHECK(next_fetch(away, 1, settings) == 5s);
  CHECK(next_fetch(away, 2, settings) == 10s);
  CHECK(next_fetch(away, 8, settings) == 640s);
  CHECK(next_fetch(away, 11, settings) == 1h);
  CHECK(next_fetch(away, 12, settings) == std::nullopt);
  settings.fetch_attempts = 100;
  CHECK(next_fetch(away, 99, settings) == 1h);
  const Error gone = make_error("recording_gone", "");
  CHECK(next_fetch(gone, 4, settings) == 40s);
  CHECK(next_fetch(gone, 5, settings) == std::nullopt);
  CHECK(next_fetch(make_error("recording_url_refused", ""), 1, settings) == std::nullopt);
  CHECK(next_fetch(make_error("recording_too_large", ""), 1, settings) == std::nullopt);
}

}  // namespace
}  // namespace trunkline::app

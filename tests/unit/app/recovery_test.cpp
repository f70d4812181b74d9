#include "app/recovery.hpp"

#include "unit/calls/service_fixture.hpp"

#include <trunkline/recording/wav.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>

namespace trunkline::app {
namespace {

using calls::EventType;
using calls::State;
using nlohmann::json;

/// What a run leaves behind that did not end in order, and the next run's recovery.
struct RecoveryFixture {
  net::Worker worker{0};  // outlives those whose threads answer to it
  calls::test::Fixture calls;
  ThreadPool pool{"recorder", 1, 100};
  recording::Library library{*calls.database, calls.folder / "recordings"};
  Recovery recovery{*calls.service, library, pool, calls.clock};

  /// A call with running media; its recording's row.
  recording::Recording cut_off_call(const std::string& sid) {
    const auto call = calls.arrive(sid);
    const auto grant = calls::test::run(calls.service->start_media({call.call_id, sid, call.token, "MZ1", true, "{}"}));
    REQUIRE(grant.has_value());
    return row(grant->recording_id);
  }
  recording::Recording row(const std::string& id) {
    auto found = calls::test::run(library.find(id));
    REQUIRE(found.has_value());
    return *found;
  }
  void recover() {
    calls.clock.advance(std::chrono::minutes(1));
    REQUIRE(recovery.begin("node_1", worker).has_value());
    worker.start();
  }
  // As App::stop() does it: nothing that waits for an answer outlives who gives it.
  ~RecoveryFixture() {
    pool.stop();
    calls.service->stop();
    calls.database->stop();
    worker.stop();
    while (worker.run_ready()) {
    }
  }
  /// The data of the call's event of a type, once it is there.
  json event(const std::string& call_id, EventType type) {
    return json::parse(calls.observer.wait_for(call_id, type).data);
  }
};

TEST_CASE("a recording that a crash cut off is finished from what lies on disk") {
  RecoveryFixture fixture;
  const auto cut_off = fixture.cut_off_call("CA1");
  const auto file = fixture.library.file_of(cut_off);
  std::filesystem::create_directories(file.parent_path());
  REQUIRE(recording::write_wav(file, {2, 8000, std::vector<std::int16_t>(2 * 8000)}).has_value());
  fixture.recover();

  const json told = fixture.event(cut_off.call_id, EventType::recording_completed);
  CHECK(told.value("durationMs", 0) == 1000);
  CHECK(told.value("recovered", false));
  const auto row = fixture.row(cut_off.id);
  CHECK(row.state == "completed");
  CHECK(row.recovered);
  CHECK(row.facts.sha256 == told.value("sha256", ""));
}

TEST_CASE("a node that was thought dead has the last word about its recording") {
  RecoveryFixture fixture;
  const auto cut_off = fixture.cut_off_call("CA1");
  fixture.recover();
  REQUIRE(fixture.event(cut_off.call_id, EventType::recording_failed).value("recovered", false));
  recording::FileFacts facts;
  facts.duration_ms = 3'000;
  const auto told = calls::test::run(fixture.calls.service->append(
      cut_off.call_id, EventType::recording_completed, recording::completed_data(cut_off.id, facts, false)));
  REQUIRE(told.has_value());
  CHECK(json::parse(told->data).value("correction", false));
  const auto row = fixture.row(cut_off.id);
  CHECK(row.state == "completed");
  CHECK_FALSE(row.recovered);
  CHECK(row.facts.duration_ms == 3'000);
}

TEST_CASE("a recording without a file is lost, and that is said") {
  RecoveryFixture fixture;
  const auto lost = fixture.cut_off_call("CA1");
  const auto lost_too = fixture.cut_off_call("CA2");
  fixture.recover();
  CHECK(fixture.event(lost.call_id, EventType::recording_failed).value("reason", "") == "recording_missing");
  CHECK(fixture.event(lost_too.call_id, EventType::recording_failed).value("recordingId", "") == lost_too.id);
  CHECK(fixture.row(lost.id).state == "failed");
  CHECK(fixture.row(lost_too.id).state == "failed");
}

TEST_CASE("calls that had media wait for the provider's word") {
  RecoveryFixture fixture;
  const auto connected = fixture.cut_off_call("CA1");
  const auto ringing = fixture.calls.arrive("CA2");
  fixture.recover();
  CHECK(fixture.event(connected.call_id, EventType::call_reconnecting).value("reason", "") == "node-restarted");
  CHECK(fixture.calls.find(connected.call_id).state == State::reconnecting);
  CHECK(fixture.calls.find(ringing.call_id).state == State::ringing);
}

TEST_CASE("a recording that began after the start is not touched") {
  RecoveryFixture fixture;
  const auto old = fixture.cut_off_call("CA1");
  fixture.recover();
  const auto running = fixture.cut_off_call("CA2");
  CHECK(fixture.event(old.call_id, EventType::recording_failed).value("recordingId", "") == old.id);
  CHECK(fixture.row(running.id).state == "recording");
}

}  // namespace
}  // namespace trunkline::app

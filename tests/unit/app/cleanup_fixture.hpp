#pragma once

#include "app/cleanup.hpp"
#include "unit/calls/service_fixture.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <string>

namespace trunkline::app::test {

using calls::EventType;
using calls::State;
using calls::test::run;
using namespace std::chrono_literals;

constexpr auto day = 24h;

/// What the cleanup works on, on each driver in turn.
struct CleanupFixture : calls::test::Fixture {
  config::Settings settings;
  observe::Metrics metrics{"test"};
  ThreadPool files{"files", 1, 100};
  recording::Library library{*database, folder / "recordings"};
  api::IdempotentRequests idempotent{*database, clock, *ids, std::chrono::hours(24)};

  void clean(bool leads = true, std::size_t batch = 200) {
    Cleanup cleanup({settings, *service, library, *database, files, metrics, idempotent, clock, "node_1", 0ms, batch});
    run(cleanup.run(leads));
  }
  void sql(const std::string& statement) { REQUIRE(store::test::execute(*database, statement).has_value()); }
  bool counted(const std::string& line) { return metrics.render().find("\ntrunkline_" + line) != std::string::npos; }

  /// A call that was connected and is over, with every event numbered.
  std::string ended_call(const std::string& sid) {
    const auto call = arrive(sid);
    REQUIRE(report(sid, sid + "/up", State::connected).has_value());
    clock.advance(10s);
    REQUIRE(report(sid, sid + "/over", State::ended).has_value());
    number();
    return call.call_id;
  }
  std::int64_t number() { return run(service->number_events()).value().seq; }

  struct Recorded {
    std::string call_id;
    std::string recording_id;
  };
  /// A call that is over, with a recording that runs on node_1.
  Recorded recorded_call(const std::string& sid) {
    const auto call = arrive(sid);
    const auto grant = run(service->start_media({call.call_id, sid, call.token, "MZ" + sid, true, "{}"}));
    REQUIRE(grant.has_value());
    REQUIRE(report(sid, sid + "/over", State::ended).has_value());
    return {call.call_id, grant->recording_id};
  }
  /// The same, finished; with a file.
  Recorded finished_call(const std::string& sid) {
    auto made = recorded_call(sid);
    REQUIRE(complete(made).version > 0);
    const auto file = file_of(made);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << "sound";
    number();
    return made;
  }
  calls::Event complete(const Recorded& of) {
    const auto data = R"({"recordingId":")" + of.recording_id + R"(","durationMs":1000,"sizeBytes":5})";
    const auto event = run(service->append(of.call_id, EventType::recording_completed, data));
    REQUIRE(event.has_value());
    return *event;
  }
  std::filesystem::path file_of(const Recorded& of) {
    return library.file_of(run(library.find(of.recording_id)).value());
  }
  bool is(const Recorded& of, const std::string& condition) {
    return count("call_recordings WHERE id = '" + of.recording_id + "' AND " + condition) == 1;
  }
  void node(const std::string& id, const std::string& gone_at) {
    sql("INSERT INTO nodes (id, host, version, started_at, beat, beat_at, gone_at) VALUES ('" + id +
        "', 'host', '1', 1, 1, 1, " + gone_at + ")");
  }
  std::string now() const { return std::to_string(to_millis(clock.wall())); }
};

}  // namespace trunkline::app::test

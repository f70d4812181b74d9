#include "app/session_sinks.hpp"

#include "support/fake_socket.hpp"
#include "unit/calls/service_fixture.hpp"
#include "unit/media/keeping_sink.hpp"

#include <trunkline/store/memory_live.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <optional>

namespace trunkline::app {
namespace {

using calls::EventType;
using nlohmann::json;

/// An engine that says what a test makes it say.
class FakeEngine final : public speech::Transcriber {
 public:
  explicit FakeEngine(std::string name) : name_(std::move(name)) {}

  std::string_view engine() const override { return name_; }
  Result<std::shared_ptr<media::Sink>> open(const speech::TranscribeRequest& request,
                                            std::shared_ptr<speech::TranscriptListener> reports_to) override {
    asked = request;
    if (busy) return make_error("engine_busy", "all decoders are taken");
    listener = std::move(reports_to);
    return std::shared_ptr<media::Sink>(std::make_shared<media::KeepingSink>());
  }
  void say(const std::string& text, bool final) const {
    listener->on_segment({media::Track::inbound, 100, 900, text, 0.9, final, name_, "en-US"});
  }

  bool busy = false;
  std::optional<speech::TranscribeRequest> asked;
  std::shared_ptr<speech::TranscriptListener> listener;

 private:
  std::string name_;
};

/// Counts what is named.
class CountingIds final : public Ids {
 public:
  explicit CountingIds(Ids& inner) : inner_(inner) {}

  std::string make(std::string_view prefix) override {
    ++made;
    return inner_.make(prefix);
  }
  std::string secret(std::size_t bytes) override { return inner_.secret(bytes); }

  int made = 0;

 private:
  Ids& inner_;
};

/// The sinks of one call whose media has begun; the worker's loop turns on the test's thread.
struct SinksFixture {
  net::Workers workers{1};  // outlive those whose threads answer to them
  calls::test::Fixture calls;
  recording::Library library{*calls.database, calls.folder / "recordings"};
  std::unique_ptr<store::LiveStore> live = store::make_memory_live(workers.at(0).context(), calls.clock);
  events::EventHub hub{*calls.service, *live, workers.at(0)};
  observe::Metrics metrics{"test"};
  ThreadPool writers{"recorder", 1, 100};
  ThreadPool finishers{"finisher", 1, 100};
  recording::RecorderPools pools{writers, finishers};
  FakeEngine deepgram{"deepgram"};
  FakeEngine embedded{"embedded"};
  CountingIds ids{*calls.ids};
  SessionSinks sinks;
  calls::MediaGrant grant;

  explicit SinksFixture(bool with_deepgram = true, bool with_embedded = true)
      : sinks({*calls.service, library, hub, metrics, pools, workers, ids, calls.clock,
               with_deepgram ? &deepgram : nullptr, with_embedded ? &embedded : nullptr}) {
    const auto call = calls.arrive("CA1");
    auto granted = calls::test::run(calls.service->start_media({call.call_id, "CA1", call.token, "MZ1", true, "{}"}));
    REQUIRE(granted.has_value());
    grant = std::move(*granted);
  }
  ~SinksFixture() { stop_pools(); }

  const std::string& call_id() const { return grant.call.id; }
  std::vector<std::shared_ptr<media::Sink>> make(bool unmixed = false) { return sinks.make_sinks(grant, {}, unmixed); }
  void stop_pools() {
    writers.stop();
    finishers.stop();
  }
  /// Writers and finishers have done their work.
  void finish_recordings() {
    stop_pools();
    REQUIRE(sinks.unfinished() == 0);
  }
  json event(EventType type) { return json::parse(calls.observer.wait_for(call_id(), type).data); }
};

TEST_CASE("final segments are events of the call; the transcript's end comes after the last of them") {
  SinksFixture fixture;
  fixture.grant.route.record = false;
  fixture.grant.recording_id.clear();
  REQUIRE(fixture.make().size() == 1);
  CHECK(fixture.sinks.unfinished() == 1);
  fixture.deepgram.say("hello", true);
  fixture.deepgram.say("goodbye", true);
  fixture.deepgram.listener->on_finished();
  fixture.deepgram.listener->on_finished();
  CHECK(fixture.sinks.unfinished() == 0);

  CHECK(fixture.event(EventType::transcript_ended) == json{{"engine", "deepgram"}, {"segments", 2}});
  std::vector<std::string> log;
  for (const auto& told : fixture.calls.observer.told()) log.emplace_back(to_string(told.event.type));
  CHECK(std::vector(log.end() - 3, log.end()) ==
        std::vector<std::string>{"transcript.segment", "transcript.segment", "transcript.ended"});
  const json segment = fixture.event(EventType::transcript_segment);
  CHECK(segment.value("text", "") == "hello");
  CHECK(segment.value("startMs", 0) == 100);
  CHECK_THAT(fixture.metrics.render(), Catch::Contains(R"(transcript_segments_total{engine="deepgram"} 2)"));
  CHECK_THAT(fixture.metrics.render(), Catch::Contains(R"(transcript_confidence_sum{engine="deepgram"} 1.8)"));
}

TEST_CASE("interim segments are shown to who listens and not kept") {
  SinksFixture fixture;
  test::FakeSocket socket(fixture.workers.at(0));
  const auto subscriber = fixture.hub.subscriber({});
  subscriber->on_open(socket);
  fixture.make();
  fixture.deepgram.say("hel", false);
  test::turn_until(fixture.workers.at(0), [&] { return !socket.sent.empty(); });
  CHECK(socket.sent.front()["type"] == "transcript.interim");
  CHECK(socket.sent.front()["data"]["text"] == "hel");

  fixture.deepgram.listener->on_finished();
  CHECK(fixture.event(EventType::transcript_ended).value("segments", -1) == 0);
  CHECK(fixture.calls.count("transcript_segments") == 0);
  subscriber->on_close({});
}

TEST_CASE("interim segments that nobody sees are not made into anything") {
  SinksFixture fixture;
  test::FakeSocket socket(fixture.workers.at(0));
  const auto elsewhere = fixture.hub.subscriber({.after = {}, .call_id = "call_other", .types = {}});
  elsewhere->on_open(socket);
  fixture.make();
  fixture.deepgram.say("hel", false);
  CHECK(fixture.ids.made == 0);
  CHECK(fixture.workers.at(0).context().poll() == 0);
  fixture.deepgram.say("hello", true);
  CHECK(fixture.ids.made == 1);
  fixture.deepgram.listener->on_finished();
  elsewhere->on_close({});
}

TEST_CASE("the route chooses the engine, else Deepgram where it is configured") {
  SECTION("none named, both there") {
    SinksFixture fixture;
    fixture.make();
    CHECK(fixture.deepgram.asked.has_value());
    CHECK_FALSE(fixture.embedded.asked.has_value());
  }
  SECTION("none named, no Deepgram") {
    SinksFixture fixture(false);
    fixture.make();
    CHECK(fixture.embedded.asked.has_value());
  }
  SECTION("named") {
    SinksFixture fixture;
    fixture.grant.route.engine = "embedded";
    fixture.grant.route.phrases = {"check my balance"};
    fixture.grant.bidirectional = false;
    fixture.make();
    REQUIRE(fixture.embedded.asked.has_value());
    CHECK(fixture.embedded.asked->phrases == fixture.grant.route.phrases);
    CHECK(fixture.embedded.asked->tracks.size() == 2);  // who only listens hears both sides
    CHECK_FALSE(fixture.deepgram.asked.has_value());
  }
}

TEST_CASE("in an unmixed stream the engine is asked for each participant who is heard") {
  SinksFixture fixture;
  const auto made = fixture.make(true);
  CHECK_FALSE(fixture.deepgram.asked.has_value());
  for (const auto& sink : made) sink->on_frame({media::further_track(0), media::FrameKind::audio, 0, 0, {}, {}});
  REQUIRE(fixture.deepgram.asked.has_value());
  CHECK(fixture.deepgram.asked->tracks == std::vector{media::further_track(0)});
  fixture.deepgram.listener->on_finished();
  for (const auto& sink : made) sink->on_end(media::EndCause::stop);
  fixture.finish_recordings();
}

TEST_CASE("a call whose engine is missing or busy is told so, and goes on with its other sinks") {
  SECTION("missing") {
    SinksFixture fixture(false, true);
    fixture.grant.route.engine = "deepgram";
    CHECK(fixture.make().size() == 1);  // the recorder
    CHECK(fixture.event(EventType::transcript_trouble).value("reason", "") == "engine_unavailable");
    CHECK(fixture.event(EventType::transcript_ended) == json{{"engine", "deepgram"}, {"segments", 0}});
  }
  SECTION("busy") {
    SinksFixture fixture;
    fixture.deepgram.busy = true;
    CHECK(fixture.make().size() == 1);
    CHECK(fixture.event(EventType::transcript_trouble).value("reason", "") == "engine_busy");
    CHECK(fixture.event(EventType::transcript_ended).value("segments", -1) == 0);
    CHECK(fixture.sinks.unfinished() == 1);  // the recording
  }
}

TEST_CASE("a recording is finished off the worker, its row and the call's log tell the same") {
  SinksFixture fixture;
  fixture.grant.route.transcribe = false;
  const auto made = fixture.make();
  REQUIRE(made.size() == 1);
  CHECK(fixture.event(EventType::recording_started).value("recordingId", "") == fixture.grant.recording_id);
  const std::vector<std::uint8_t> second(8000, 0x10);
  made.front()->on_frame({media::Track::inbound, media::FrameKind::audio, 0, 8000, second, {}});
  made.front()->on_end(media::EndCause::stop);
  fixture.finish_recordings();

  const json told = fixture.event(EventType::recording_completed);
  const auto row = calls::test::run(fixture.library.find(fixture.grant.recording_id));
  REQUIRE(row.has_value());
  CHECK(row->state == "completed");
  CHECK(told.value("durationMs", 0) == 1000);
  CHECK(told.value("sha256", "") == row->facts.sha256);
  CHECK_THAT(fixture.metrics.render(), Catch::Contains(R"(recordings_total{result="completed"} 1)"));
}

TEST_CASE("a recording that cannot be written fails, and that is said") {
  SinksFixture fixture;
  fixture.grant.route.transcribe = false;
  std::ofstream(fixture.calls.folder / "recordings") << "a file where a folder should be";
  const auto made = fixture.make();
  made.front()->on_end(media::EndCause::stop);
  fixture.finish_recordings();
  CHECK(fixture.event(EventType::recording_failed).value("reason", "") == "disk_failed");
  CHECK(calls::test::run(fixture.library.find(fixture.grant.recording_id))->state == "failed");
  CHECK_THAT(fixture.metrics.render(), Catch::Contains(R"(recordings_total{result="failed"} 1)"));
}

}  // namespace
}  // namespace trunkline::app

#include <trunkline/speech/transcribe_each.hpp>

#include <catch2/catch.hpp>

#include <map>

namespace trunkline::speech {
namespace {

using media::Track;

/// A line of the engine below, which counts what it hears.
class Line final : public media::Sink {
 public:
  std::string_view name() const override { return "fake"; }
  void on_frame(const media::Frame& frame) noexcept override { heard.push_back(frame.track); }
  void on_batch_end() noexcept override { ++batches; }
  void on_end(media::EndCause) noexcept override { ended = true; }
  std::size_t queued_bytes() const noexcept override { return 7; }
  std::uint64_t dropped() const noexcept override { return 2; }

  std::vector<Track> heard;
  int batches = 0;
  bool ended = false;
};

class Engine final : public Transcriber {
 public:
  std::string_view engine() const override { return "fake"; }
  Result<std::shared_ptr<media::Sink>> open(const TranscribeRequest& request,
                                            std::shared_ptr<TranscriptListener> reports_to) override {
    REQUIRE(request.tracks.size() == 1);
    if (request.tracks[0] == refused) return make_error("engine_busy", "all lines are in use");
    listener = std::move(reports_to);
    auto line = std::make_shared<Line>();
    REQUIRE(lines.emplace(request.tracks[0], line).second);
    return std::shared_ptr<media::Sink>(std::move(line));
  }

  std::optional<Track> refused;
  std::map<Track, std::shared_ptr<Line>> lines;
  std::shared_ptr<TranscriptListener> listener;
};

class Listener final : public TranscriptListener {
 public:
  void on_segment(const Segment& segment) override { segments.push_back(segment); }
  void on_trouble(const std::string& reason, const std::string& /*message*/) override { troubles.push_back(reason); }
  void on_finished() override { ++finished; }

  std::vector<Segment> segments;
  std::vector<std::string> troubles;
  int finished = 0;
};

struct Fixture {
  void frame(Track track) { sink->on_frame({track, media::FrameKind::audio, 0, 0, {}, {}}); }

  Engine engine;
  std::shared_ptr<Listener> listener = std::make_shared<Listener>();
  std::shared_ptr<media::Sink> sink = transcribe_each(engine, {}, listener);
};

}  // namespace

TEST_CASE("each participant is transcribed from the first frame on, we are not") {
  Fixture f;
  f.frame(Track::inbound);
  f.frame(Track::outbound);
  f.frame(media::further_track(2));
  f.frame(Track::inbound);
  f.sink->on_batch_end();
  REQUIRE(f.engine.lines.size() == 2);
  CHECK(f.engine.lines.at(Track::inbound)->heard.size() == 2);
  CHECK(f.engine.lines.at(media::further_track(2))->heard.size() == 1);
  CHECK(f.engine.lines.at(Track::inbound)->batches == 1);
  CHECK(f.sink->queued_bytes() == 14);
  CHECK(f.sink->dropped() == 4);
  CHECK(f.sink->name() == "fake");

  f.engine.listener->on_segment({});
  CHECK(f.listener->segments.size() == 1);
  f.sink->on_end(media::EndCause::stop);
  CHECK(f.engine.lines.at(Track::inbound)->ended);
  f.engine.listener->on_finished();
  CHECK(f.listener->finished == 0);
  f.engine.listener->on_finished();
  CHECK(f.listener->finished == 1);
}

TEST_CASE("a participant for whom the engine has no line is told once as trouble, the others go on") {
  Fixture f;
  f.engine.refused = media::further_track(0);
  f.frame(media::further_track(0));
  f.frame(media::further_track(0));
  f.frame(Track::inbound);
  CHECK(f.listener->troubles == std::vector<std::string>{"engine_busy"});
  CHECK(f.engine.lines.size() == 1);
  CHECK(f.listener->finished == 0);
  f.engine.listener->on_finished();
  f.sink->on_end(media::EndCause::stop);
  CHECK(f.listener->finished == 1);
}

TEST_CASE("a stream without a word ends as well") {
  Fixture f;
  f.sink->on_end(media::EndCause::closed);
  CHECK(f.listener->finished == 1);
}

}  // namespace trunkline::speech

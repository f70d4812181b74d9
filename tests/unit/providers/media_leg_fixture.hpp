#pragma once

#include "unit/calls/service_fixture.hpp"
#include "unit/media/keeping_sink.hpp"

#include <trunkline/providers/media_leg.hpp>

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

namespace trunkline::providers::test {

/// Takes what the leg sends and does nothing with it.
class SilentCarrier final : public Carrier {
 public:
  void send_audio(std::span<const std::uint8_t> /*audio*/) override {}
  void send_mark(const std::string& /*name*/) override {}
  void send_clear() override {}
  void flush() override {}
  void hang_up(net::CloseCode code, const std::string& /*reason*/) override { hung_up.push_back(code); }

  std::vector<net::CloseCode> hung_up;
};

class MuteSynthesizer final : public speech::Synthesizer {
 public:
  asio::awaitable<Result<std::vector<std::uint8_t>>> speak(std::string /*text*/, media::Format /*format*/) override {
    co_return make_error("unsupported", "this voice is mute");
  }
};

/// Gives the sinks that a test has put in.
class GivenSinks final : public SinkFactory {
 public:
  std::vector<std::shared_ptr<media::Sink>> make_sinks(const calls::MediaGrant& /*grant*/,
                                                       const media::Format& /*format*/, bool /*unmixed*/) override {
    made = true;
    return sinks;
  }

  std::vector<std::shared_ptr<media::Sink>> sinks;
  bool made = false;
};

/// One call that waits for its media, in a call service of its own. The worker's loop turns only when a test says so.
struct MediaFixture {
  // What waits for the database is answered and goes on before the loop goes.
  ~MediaFixture() {
    calls.service->stop();
    calls.database->stop();
    while (worker.run_ready()) {
    }
  }

  /// Until the token is checked and the sinks are there.
  void attach() {
    while (!sinks.made) REQUIRE(worker.context().run_one_for(std::chrono::seconds(10)) == 1);
  }

  /// The data of the call's events of one type, in order, once there are `count` events in all.
  std::vector<nlohmann::json> data_of(calls::EventType type, std::size_t count) {
    std::vector<nlohmann::json> found;
    for (const auto& told : calls.observer.wait_for(count)) {
      if (told.event.type == type) found.push_back(nlohmann::json::parse(told.event.data));
    }
    return found;
  }

  const std::string sid = "CA1";
  calls::test::Fixture calls;
  calls::test::Fixture::Admitted admitted = calls.arrive(sid);
  net::Worker worker{0};
  GivenSinks sinks;
  MuteSynthesizer synthesizer;
  media::ActiveStreams streams{10};
  observe::Metrics metrics{"test"};
  MediaServices services{*calls.service, sinks, synthesizer, streams, metrics, calls.clock};
};

/// Its media leg, started.
struct LegFixture : MediaFixture {
  explicit LegFixture(bool returns = false) {
    LegStart start;
    start.call_id = admitted.call_id;
    start.provider_call_id = sid;
    start.token = admitted.token;
    start.stream_id = "MZ1";
    start.carries_call = !returns;
    start.returns = returns;
    start.data = "{}";
    leg->start(std::move(start));
  }
  ~LegFixture() {
    leg->end(media::EndCause::closed);
    leg->detach();
  }

  /// A frame of `bytes`, 8 of them a millisecond.
  void receive(std::int64_t timestamp_ms, std::size_t bytes = 160, media::Track track = media::Track::inbound) {
    leg->receive(track, timestamp_ms, std::vector<std::uint8_t>(bytes), calls.clock.mono());
  }

  SilentCarrier carrier;
  std::shared_ptr<MediaLeg> leg = std::make_shared<MediaLeg>(services, worker, carrier);
};

}  // namespace trunkline::providers::test

#include <trunkline/base/crypto.hpp>
#include <trunkline/base/overloaded.hpp>
#include <trunkline/observe/log.hpp>
#include <trunkline/providers/acs/sessions.hpp>
#include <trunkline/providers/acs/transcription_machine.hpp>

#include <nlohmann/json.hpp>

#include <utility>

namespace trunkline::providers::acs {
namespace {

using nlohmann::json;

constexpr std::string_view engine = "acs";
constexpr std::size_t id_digits = 26;

class TranscriptionSession final : public net::WebSocketHandler {
 public:
  TranscriptionSession(const MediaServices& services, std::string call_id)
      : services_(services), call_id_(std::move(call_id)), machine_(services.clock.mono()) {}

  void on_open(net::WebSocket& socket) override { socket_ = &socket; }
  void on_text(std::string_view message) override { perform(machine_.step(message, services_.clock.mono())); }
  void on_binary(std::span<const std::uint8_t> /*message*/) override {
    socket_->close(net::CloseCode::unsupported_data, "transcripts are text");
  }
  void on_tick(MonoTime now) override { perform(machine_.tick(now)); }

  void on_close(const net::CloseInfo& info) override {
    socket_ = nullptr;
    log::info("transcription socket closed",
              {{"callId", call_id_}, {"code", static_cast<unsigned>(info.code)}, {"segments", machine_.segments()}});
    if (finals_ == 0) return;
    append(calls::EventType::transcript_ended, {{"engine", engine}, {"segments", finals_}});
  }

 private:
  void perform(const TranscriptionAction& action) {
    std::visit(Overloaded{[](std::monostate) {}, [](Ignored) {},
                          [this](const MetadataReceived& metadata) { locale_ = metadata.start->locale; },
                          [this](const SegmentReceived& received) { take(received); },
                          [this](const CloseSocket& closing) {
                            if (socket_ != nullptr) socket_->close(closing.code, closing.reason);
                          }},
               action);
  }

  void take(const SegmentReceived& received) {
    const TranscribedSegment& segment = *received.segment;
    if (!segment.final || segment.text.empty()) return;
    ++finals_;
    services_.metrics.transcript_segments(engine).add();
    if (segment.confidence) services_.metrics.transcript_confidence(engine).observe(*segment.confidence);
    append(calls::EventType::transcript_segment, {{"segmentId", id_of(segment)},
                                                  {"track", "inbound"},
                                                  {"startMs", received.start_ms},
                                                  {"endMs", received.end_ms},
                                                  {"text", segment.text},
                                                  {"confidence", segment.confidence.value_or(0)},
                                                  {"engine", engine},
                                                  {"language", locale_},
                                                  {"participant", segment.participant}});
  }

  // The service may tell a segment again on another socket.
  std::string id_of(const TranscribedSegment& segment) const {
    const std::string what = call_id_ + "/" + segment.participant + "/" + std::to_string(segment.offset_ticks);
    return "seg_" + crypto::hex(crypto::sha256(what)).substr(0, id_digits);
  }

  void append(calls::EventType type, const json& data) {
    services_.calls.append_later(call_id_, type, data.dump(-1, ' ', false, json::error_handler_t::replace));
  }

  const MediaServices services_;
  const std::string call_id_;
  TranscriptionMachine machine_;
  net::WebSocket* socket_ = nullptr;
  std::string locale_;
  std::uint64_t finals_ = 0;
};

}  // namespace

std::shared_ptr<net::WebSocketHandler> make_transcription_session(const MediaServices& services, std::string call_id) {
  return std::make_shared<TranscriptionSession>(services, std::move(call_id));
}

}  // namespace trunkline::providers::acs

#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/media/frame.hpp>
#include <trunkline/media/sink.hpp>
#include <trunkline/net/websocket.hpp>
#include <trunkline/providers/twilio/stream_codec.hpp>

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace trunkline::providers::twilio {

/// Why a message had no effect. The call goes on.
enum class Ignored : std::uint8_t {
  invalid_json,
  malformed,  ///< a field is missing or of the wrong type
  unknown_event,
  unexpected,  ///< `connected` again
  before_start,
  after_end,
  wrong_stream,  ///< another streamSid than that of `start`
  bad_payload,   ///< empty, over the limit, or not base64
};
inline constexpr std::size_t ignored_count = 8;
std::string_view to_string(Ignored reason);

/// `start` came: check token and call, then take media. The pointer lives as long as the machine.
struct Started {
  const StreamStart* start;
};

/// `payload` is decoded, in the stream's format, and valid until the next step().
struct MediaReceived {
  media::Track track;
  std::int64_t timestamp_ms;
  std::uint64_t chunk;  ///< 0 when the carrier gave none
  std::span<const std::uint8_t> payload;
};

/// A mark came back, played or cleared. `name` is valid until the next step().
struct MarkEchoed {
  std::string_view name;
};

struct DtmfReceived {
  char digit;
};

/// The carrier has ended the stream.
struct Stopped {};

/// Close the socket. `reason` is a literal.
struct CloseSocket {
  net::CloseCode code;
  std::string_view reason;
  media::EndCause cause;
};

using StreamAction =
    std::variant<std::monostate, Ignored, Started, MediaReceived, MarkEchoed, DtmfReceived, Stopped, CloseSocket>;

struct StreamMachineLimits {
  milliseconds start_timeout{5'000};
  milliseconds idle_timeout{10'000};  ///< without any message once started; zero: never
  std::size_t payload_bytes = 64 * 1024;
  unsigned invalid_in_a_row = 10;  ///< messages that are not JSON before the socket is closed
};

struct StreamCounters {
  std::uint64_t media = 0;
  std::uint64_t missing = 0;       ///< sequence numbers that were skipped
  std::uint64_t out_of_order = 0;  ///< messages whose number did not rise
  std::array<std::uint64_t, ignored_count> ignored{};

  std::uint64_t of(Ignored reason) const { return ignored[static_cast<std::size_t>(reason)]; }
};

struct MediaFields;

/// Our side of a Twilio media stream: connected, start, then media, dtmf and mark, then stop. A pure machine: messages
/// and time in, one action out. One thread. Does not allocate for a media message once it has seen one of that size.
class StreamMachine {
 public:
  explicit StreamMachine(MonoTime opened, StreamMachineLimits limits = {});

  /// One text message as it came.
  StreamAction step(std::string_view message, MonoTime now);

  /// Time has passed: what is overdue closes the socket.
  StreamAction tick(MonoTime now);
  /// When tick() is due next; MonoTime::max() when nothing is awaited.
  MonoTime deadline() const;

  /// Whether `stop` came or the socket is to be closed; everything later is ignored.
  bool over() const { return phase_ == Phase::over; }
  const StreamCounters& counters() const { return counters_; }

 private:
  enum class Phase : std::uint8_t { accepted, connected, started, over };

  StreamAction read(std::string_view message);
  StreamAction on_connected();
  StreamAction on_start(const nlohmann::json& message);
  StreamAction on_media(const nlohmann::json& message);
  StreamAction on_mark(const nlohmann::json& message);
  StreamAction on_dtmf(const nlohmann::json& message);
  StreamAction on_stop(const nlohmann::json& message);
  StreamAction media_received(const MediaFields& fields);
  StreamAction ignore(Ignored reason);
  StreamAction close(net::CloseCode code, std::string_view reason, media::EndCause cause);
  bool decode(std::string_view payload);
  void note_sequence(std::uint64_t sequence);

  StreamMachineLimits limits_;
  Phase phase_ = Phase::accepted;
  MonoTime opened_;
  MonoTime heard_;
  unsigned invalid_run_ = 0;
  std::uint64_t next_sequence_ = 0;
  StreamStart start_;
  std::string mark_;
  std::vector<std::uint8_t> payload_;
  std::size_t payload_size_ = 0;
  StreamCounters counters_;
};

}  // namespace trunkline::providers::twilio

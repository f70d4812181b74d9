#pragma once

#include <trunkline/providers/acs/socket_state.hpp>
#include <trunkline/providers/acs/transcription_codec.hpp>

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

namespace trunkline::providers::acs {

/// The metadata came, first or again with another locale. The pointer lives as long as the machine.
struct MetadataReceived {
  const TranscriptionStart* start;
};

/// A segment with its times in ms since the first offset that the machine saw; before that is 0. `segment` is valid
/// until the next step().
struct SegmentReceived {
  const TranscribedSegment* segment;
  std::int64_t start_ms;
  std::int64_t end_ms;
};

using TranscriptionAction = std::variant<std::monostate, Ignored, MetadataReceived, SegmentReceived, CloseSocket>;

/// Nobody may speak for long, so silence is no reason to close.
inline constexpr SocketLimits transcription_limits{.idle_timeout = milliseconds{0}};

/// Our side of an ACS transcription stream: TranscriptionMetadata, then TranscriptionData until the socket closes. A
/// pure machine: messages and time in, one action out. One thread.
class TranscriptionMachine {
 public:
  explicit TranscriptionMachine(MonoTime opened, SocketLimits limits = transcription_limits);

  /// One text message as it came.
  TranscriptionAction step(std::string_view message, MonoTime now);

  /// Time has passed: what is overdue closes the socket.
  TranscriptionAction tick(MonoTime now);
  /// When tick() is due next; MonoTime::max() when nothing is awaited.
  MonoTime deadline() const { return socket_.deadline(); }

  /// Whether the socket is to be closed; everything later is ignored.
  bool over() const { return socket_.over(); }
  /// Segments that were given, final and not.
  std::uint64_t segments() const { return segments_; }
  const std::array<std::uint64_t, ignored_count>& ignored() const { return socket_.ignored(); }

 private:
  TranscriptionAction on_metadata(const nlohmann::json& message);
  TranscriptionAction on_data(const nlohmann::json& message);

  SocketState socket_;
  TranscriptionStart start_;
  TranscribedSegment segment_;
  std::optional<std::int64_t> first_offset_;
  std::uint64_t segments_ = 0;
};

}  // namespace trunkline::providers::acs

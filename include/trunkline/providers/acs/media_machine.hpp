#pragma once

#include <trunkline/providers/acs/media_codec.hpp>
#include <trunkline/providers/acs/socket_state.hpp>

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace trunkline::providers::acs {

/// The metadata came: the stream's format is known. The pointer lives as long as the machine.
struct Started {
  const StreamStart* start;
};

/// `payload` is decoded, in the stream's format, whole samples, and valid until the next step().
struct MediaReceived {
  std::uint8_t participant;                  ///< index into participants(); 0 in a mixed stream
  std::optional<std::int64_t> timestamp_ms;  ///< since 1970; nothing: place it by its arrival
  std::span<const std::uint8_t> payload;
  bool silent;  ///< the service heard no voice in it; the audio is there all the same
};

struct DtmfReceived {
  char digit;                                ///< one of `0123456789*#ABCD`
  std::string_view participant;              ///< raw id, valid until the next step(); empty when not said
  std::optional<std::int64_t> timestamp_ms;  ///< as in MediaReceived
};

using MediaAction = std::variant<std::monostate, Ignored, Started, MediaReceived, DtmfReceived, CloseSocket>;

inline constexpr std::size_t max_participants = 8;

struct MediaCounters {
  std::uint64_t media = 0;
  std::uint64_t silent = 0;        ///< of them, without a voice
  std::uint64_t without_time = 0;  ///< of them, with no timestamp that is believable
};

/// Our side of an ACS media stream: AudioMetadata, then AudioData and DtmfData until the socket closes; the service
/// has no message for the end. A pure machine: messages and time in, one action out. One thread. Does not allocate for
/// an audio message once it has seen one of that size from its participant.
class MediaMachine {
 public:
  explicit MediaMachine(MonoTime opened, SocketLimits limits = {});

  /// One text message as it came.
  MediaAction step(std::string_view message, MonoTime now);

  /// Time has passed: what is overdue closes the socket.
  MediaAction tick(MonoTime now);
  /// When tick() is due next; MonoTime::max() when nothing is awaited.
  MonoTime deadline() const { return socket_.deadline(); }

  /// Whether the socket is to be closed; everything later is ignored.
  bool over() const { return socket_.over(); }
  /// The raw ids of those who were heard, in the order in which they came. An empty one is the mixed stream.
  std::span<const std::string> participants() const { return {participants_.data(), participant_count_}; }
  const MediaCounters& counters() const { return counters_; }
  const std::array<std::uint64_t, ignored_count>& ignored() const { return socket_.ignored(); }

 private:
  MediaAction read(std::string_view message);
  MediaAction on_metadata(const nlohmann::json& message);
  MediaAction on_audio(const nlohmann::json& message);
  MediaAction on_dtmf(const nlohmann::json& message);
  MediaAction media_received(std::string_view participant, std::optional<std::int64_t> timestamp_ms, bool silent);
  bool decode(std::string_view payload);
  std::optional<std::uint8_t> index_of(std::string_view participant);

  SocketState socket_;
  StreamStart start_;
  std::array<std::string, max_participants> participants_;
  std::size_t participant_count_ = 0;
  std::string dtmf_participant_;
  std::vector<std::uint8_t> payload_;
  std::size_t payload_size_ = 0;
  MediaCounters counters_;
};

}  // namespace trunkline::providers::acs

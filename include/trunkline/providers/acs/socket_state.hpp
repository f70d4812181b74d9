#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/media/sink.hpp>
#include <trunkline/net/websocket.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

/// What the two sockets that Azure Communication Services opens to us have in common, media and transcription: JSON
/// texts `{"kind":"X","x":{...}}`, the first of which is the metadata.
namespace trunkline::providers::acs {

/// Why a message had no effect. The call goes on.
enum class Ignored : std::uint8_t {
  invalid_json,
  malformed,  ///< too long, nested too deeply, or a field is missing or of the wrong type
  unknown_kind,
  unexpected,  ///< the same metadata again
  before_metadata,
  after_end,
  bad_payload,            ///< empty, over the limit, half a sample, or not base64
  too_many_participants,  ///< audio of one for whom the table has no place
};
inline constexpr std::size_t ignored_count = 8;
std::string_view to_string(Ignored reason);

/// The longest participant id (`4:+1425...`, `8:acs:...`) that is taken.
inline constexpr std::size_t max_raw_id_bytes = 256;

/// Close the socket. `reason` is a literal.
struct CloseSocket {
  net::CloseCode code;
  std::string_view reason;
  media::EndCause cause;
};

struct SocketLimits {
  milliseconds metadata_timeout{10'000};
  milliseconds idle_timeout{10'000};  ///< without any message once started; zero: never
  std::size_t message_bytes = 256 * 1024;
  unsigned invalid_in_a_row = 10;  ///< messages that are not JSON before the socket is closed
};

/// Where a socket stands: waiting for its metadata, started, over. Part of the machines; knows no message.
class SocketState {
 public:
  SocketState(MonoTime opened, const SocketLimits& limits) : limits_(limits), opened_(opened), heard_(opened) {}

  bool started() const { return phase_ == Phase::started; }
  bool over() const { return phase_ == Phase::over; }
  const SocketLimits& limits() const { return limits_; }

  void start() { phase_ = Phase::started; }
  /// A message came, of whatever kind.
  void heard(MonoTime now) { heard_ = now; }
  /// It was JSON.
  void understood() { invalid_run_ = 0; }
  /// Counts a message that could not be read. One too many in a row that is not JSON closes the socket instead.
  std::variant<Ignored, CloseSocket> refuse(Ignored reason);
  Ignored ignore(Ignored reason);
  CloseSocket close(net::CloseCode code, std::string_view reason, media::EndCause cause);

  /// Time has passed: what is overdue closes the socket.
  std::optional<CloseSocket> tick(MonoTime now);
  /// When tick() is due next; MonoTime::max() when nothing is awaited.
  MonoTime deadline() const;

  const std::array<std::uint64_t, ignored_count>& ignored() const { return ignored_; }

 private:
  enum class Phase : std::uint8_t { accepted, started, over };

  SocketLimits limits_;
  Phase phase_ = Phase::accepted;
  MonoTime opened_;
  MonoTime heard_;
  unsigned invalid_run_ = 0;
  std::array<std::uint64_t, ignored_count> ignored_{};
};

}  // namespace trunkline::providers::acs

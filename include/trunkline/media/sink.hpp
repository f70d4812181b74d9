#pragma once

#include <trunkline/media/frame.hpp>

#include <iterator>
#include <optional>
#include <string_view>

namespace trunkline::media {

/// Why a stream is over. A stream ends once; the first cause wins.
enum class EndCause : std::uint8_t {
  stop,             ///< the provider or a command ended it
  closed,           ///< its socket went without a word
  provider_status,  ///< the provider said that the call is over
  idle,             ///< no message for too long
  no_place,         ///< this node runs as many streams as it may, or the call has one
  shutdown,         ///< this node stops
  protocol_error,
  stream_error,  ///< the provider said that the stream has failed
  replaced,      ///< the provider opened another socket for the call
};
inline constexpr std::string_view end_cause_names[] = {
    "stop", "closed", "provider-status", "idle", "no-place", "shutdown", "protocol-error", "stream-error", "replaced"};
constexpr std::string_view to_string(EndCause cause) {
  return end_cause_names[static_cast<std::size_t>(cause)];
}
constexpr std::optional<EndCause> parse_end_cause(std::string_view text) {
  for (std::size_t i = 0; i < std::size(end_cause_names); ++i) {
    if (end_cause_names[i] == text) return static_cast<EndCause>(i);
  }
  return std::nullopt;
}

/// Takes one stream's audio: recorder, transcriber, listener, quality meter, voice agent.
///
/// All methods are called on the stream's worker thread, on_end() last and once. A sink copies what it keeps into a
/// queue of its own with a limit, never blocks, does not allocate per frame once warm, and cannot fail: what it must
/// drop it counts in `dropped()`.
class Sink {
 public:
  virtual ~Sink() = default;

  /// A short fixed word for metrics: `recorder`, `deepgram`, `embedded`, `listener`, `meter`.
  virtual std::string_view name() const = 0;
  virtual void on_frame(const Frame& frame) noexcept = 0;
  /// Everything that one wake-up of the connection brought has been given: the moment to send a batch.
  virtual void on_batch_end() noexcept {}
  /// The stream is over; work that is still to do goes on elsewhere, and the sink keeps itself alive for it.
  virtual void on_end(EndCause cause) noexcept = 0;

  /// Bytes waiting in the sink's own queue, and frames it had to drop; for metrics, on the stream's thread.
  virtual std::size_t queued_bytes() const noexcept { return 0; }
  virtual std::uint64_t dropped() const noexcept { return 0; }
};

}  // namespace trunkline::media

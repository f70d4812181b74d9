#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/observe/latency_figures.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::observe {

/// What became of one kind of webhook of one provider since the process started. Any thread.
struct WebhookKind {
  std::string provider;
  std::string type;

  enum class Outcome : std::uint8_t { accepted, refused, forged, failed };
  /// `took`: from the whole request to its answer.
  void note(Outcome outcome, std::chrono::microseconds took, WallTime at);

  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};     ///< by what it said: malformed, or something that cannot be
  std::atomic<std::uint64_t> forged{0};      ///< by a proof that is missing or wrong
  std::atomic<std::uint64_t> failed{0};      ///< through our own fault; the provider may send it again
  std::atomic<std::uint64_t> duplicates{0};  ///< of the accepted: known already, and without effect
  std::atomic<std::uint64_t> retries{0};     ///< of what failed for now, before the request was answered
  std::atomic<std::uint64_t> given_up{0};    ///< of the failed: what went wrong to the end of the time for that
  std::atomic<std::int64_t> last_at{0};      ///< milliseconds since 1970; 0: none came yet
  LatencyFigures latency;
  LatencyFigures lag;  ///< from the provider's own timestamp to our answer, where it sends one

  std::uint64_t received() const { return accepted + refused + forged + failed; }
};

/// All kinds of webhooks that this process serves.
class WebhookFigures {
 public:
  explicit WebhookFigures(const Clock& clock) : since_(clock.wall()) {}

  /// The kind's own figures, made when it is first asked for; they stay as long as this. Names come from the routes,
  /// never from a request.
  WebhookKind& of(std::string_view provider, std::string_view type);

  /// In the order in which they were made.
  std::vector<const WebhookKind*> kinds() const;
  WallTime since() const { return since_; }

 private:
  const WallTime since_;
  mutable std::mutex mutex_;
  std::deque<WebhookKind> kinds_;
};

}  // namespace trunkline::observe

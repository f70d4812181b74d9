#pragma once

#include <trunkline/base/offload.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/calls/call.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace trunkline::calls {

/// What a provider says of a call when it is asked.
struct ProviderWord {
  State state = State::initiating;
  std::string status;  ///< in the provider's words
  std::string reason;  ///< of a terminal state
  std::optional<std::int64_t> duration_s;
  std::optional<WallTime> ended_at;
};

/// What a telephone provider can be asked to do with a call. Each question ends by itself, within ten seconds. Any
/// worker.
class Provider {
 public:
  virtual ~Provider() = default;
  virtual std::string_view name() const = 0;
  /// Whether it can be asked anything at all.
  virtual bool configured() const = 0;

  /// Asks the provider to end the call; its callbacks tell how it went. A call that is over already is no error.
  /// Errors: `provider_not_configured`, `provider_failed`, `unreachable`, `timeout`.
  virtual asio::awaitable<Result<>> hang_up(const Call& call) = 0;

  /// How the call stands there; nothing when the provider knows of no such call. Errors: those of hang_up(), and
  /// `rate_limited`: ask less.
  virtual asio::awaitable<Result<std::optional<ProviderWord>>> fetch(const Call& call) = 0;

  /// Whether check() asks anything.
  virtual bool checkable() const { return false; }
  /// Asks whether the provider is there and takes us for who we are; changes nothing. Errors: `credentials_refused`,
  /// `unreachable`, `timeout`, `provider_failed` (what answers is not the provider); `rate_limited` and
  /// `provider_unavailable`: it is there, and not well.
  virtual asio::awaitable<Result<>> check() { co_return Result<>{}; }
};

}  // namespace trunkline::calls

#pragma once

#include <trunkline/base/offload.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/calls/call.hpp>

#include <string_view>

namespace trunkline::calls {

/// What a telephone provider can be asked to do with a call. Any worker.
class Provider {
 public:
  virtual ~Provider() = default;
  virtual std::string_view name() const = 0;

  /// Asks the provider to end the call; its callbacks tell how it went. A call that is over already is no error.
  /// Errors: `provider_not_configured`, `provider_failed`, `unreachable`, `timeout`.
  virtual asio::awaitable<Result<>> hang_up(const Call& call) = 0;
};

}  // namespace trunkline::calls

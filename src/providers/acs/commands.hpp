#pragma once

#include <trunkline/calls/provider.hpp>
#include <trunkline/providers/acs/call_automation.hpp>

#include <string>

namespace trunkline::providers::acs {

/// The name under which commands know a call; empty until it was answered.
std::string connection_of(const calls::Call& call);

/// What the gateway asks Call Automation about calls. Any worker.
class Commands final : public calls::Provider {
 public:
  /// `client` outlives it. A client that is not configured is asked nothing.
  Commands(CallAutomation& client, bool configured) : client_(client), configured_(configured) {}

  std::string_view name() const override { return "acs"; }
  bool configured() const override { return configured_; }
  asio::awaitable<Result<>> hang_up(const calls::Call& call) override;
  asio::awaitable<Result<std::optional<calls::ProviderWord>>> fetch(const calls::Call& call) override;
  bool checkable() const override { return configured_; }
  asio::awaitable<Result<>> check() override;

 private:
  CallAutomation& client_;
  const bool configured_;
};

}  // namespace trunkline::providers::acs

#include "providers/acs/persistence.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace trunkline::providers::acs {

bool may_pass(const Error& error) {
  static constexpr std::array<std::string_view, 8> codes = {"store_unavailable", "store_failed", "store_in_doubt",
                                                            "overloaded",        "rate_limited", "provider_unavailable",
                                                            "unreachable",       "timeout"};
  return std::ranges::find(codes, error.code) != codes.end();
}

std::optional<milliseconds> Persistence::wait_after(const Error& error, Backoff& backoff, MonoTime now, double chance) {
  if (!may_pass(error)) return std::nullopt;
  const milliseconds wait = backoff.next(chance);
  if (now + wait >= until_) {
    ++given_up_;
    return std::nullopt;
  }
  ++retries_;
  return wait;
}

}  // namespace trunkline::providers::acs

#include <trunkline/calls/providers.hpp>

#include <algorithm>

namespace trunkline::calls {

Provider* Providers::find(std::string_view name) const {
  const auto found = std::ranges::find(all_, name, &Provider::name);
  return found == all_.end() ? nullptr : *found;
}

asio::awaitable<Result<>> Providers::hang_up(const Call& call) const {
  if (Provider* provider = find(call.provider)) co_return co_await provider->hang_up(call);
  co_return make_error("provider_not_configured", "the call's provider '" + call.provider + "' is not served here");
}

}  // namespace trunkline::calls

#pragma once

#include <trunkline/calls/provider.hpp>

#include <string_view>
#include <vector>

namespace trunkline::calls {

/// The providers that this process serves. They are added before anybody asks; then any worker may.
class Providers {
 public:
  void add(Provider& provider) { all_.push_back(&provider); }

  const std::vector<Provider*>& all() const { return all_; }
  /// Null: none of that name.
  Provider* find(std::string_view name) const;

  /// Asks the call's own provider. Errors: those of Provider::hang_up().
  asio::awaitable<Result<>> hang_up(const Call& call) const;

 private:
  std::vector<Provider*> all_;
};

}  // namespace trunkline::calls

#pragma once

#include <trunkline/config/settings.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace trunkline::calls {

/// What an inbound call is matched by.
struct InboundCall {
  std::string_view provider;
  std::string_view to;
  std::string_view from;
};

/// Decides what an inbound call gets. Immutable; any thread.
class Routing {
 public:
  /// A route without a name is called `route-N` by its place.
  explicit Routing(std::vector<config::Route> routes);

  /// The first route that matches, else the default, which records and transcribes.
  const config::Route& route_for(const InboundCall& call) const;
  /// A route by its name (`default` included); the default when it is no longer configured.
  const config::Route& by_name(std::string_view name) const;

 private:
  std::vector<config::Route> routes_;
  config::Route default_;
};

}  // namespace trunkline::calls

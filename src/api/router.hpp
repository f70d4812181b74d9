#pragma once

#include "api/exchange.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace trunkline::api {

/// Finds the endpoint of a request. Literal segments win over `{name}`s. Filled at start, then read only.
class Router {
 public:
  void add(Endpoint endpoint);

  struct Match {
    const Endpoint* endpoint = nullptr;
    Params path;
    std::vector<std::string> allowed;  ///< without an endpoint: the methods that the path would take
  };
  /// `path` is still percent-encoded. HEAD is answered by GET.
  Match find(std::string_view method, std::string_view path) const;

  const std::vector<Endpoint>& endpoints() const { return endpoints_; }

 private:
  std::vector<Endpoint> endpoints_;
  std::vector<std::vector<std::string>> segments_;  // of each endpoint's pattern
};

}  // namespace trunkline::api

#pragma once

#include "api/exchange.hpp"

#include <trunkline/api/api.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace trunkline::api {

/// What a request is to get: an address may have both to give.
enum class Purpose : std::uint8_t { answer, socket };

/// Who may use a route, and how often.
class Admission {
 public:
  explicit Admission(const Services& services) : services_(services) {}  // which outlive it

  /// What speaks against serving this request: a malformed query, a caller who may not, one who asks too often. Fills
  /// in what the exchange is to know of query and caller.
  asio::awaitable<std::optional<net::Response>> admit(const Endpoint& endpoint, Exchange& exchange,
                                                      Purpose purpose) const;

  /// Once there is an answer: it says how much of a limit is left, and one to a request that proved nothing counts
  /// against its address; when that has tried too often it becomes 429.
  asio::awaitable<void> conclude(const Exchange& exchange, net::Response& response) const;

 private:
  asio::awaitable<std::optional<net::Response>> admit_proven(const Endpoint& endpoint, Exchange& exchange,
                                                             Purpose purpose) const;
  asio::awaitable<std::optional<net::Response>> limit(LimitClass kind, std::string who, Exchange& exchange) const;
  std::optional<net::Response> authenticate(const Endpoint& endpoint, Exchange& exchange, Purpose purpose) const;
  bool is_operator(const net::Request& request) const;

  const Services& services_;
};

}  // namespace trunkline::api

#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/ids.hpp>
#include <trunkline/store/sql.hpp>

#include <atomic>
#include <cstdint>
#include <string>

namespace trunkline::api {

/// What makes a request with an Idempotency-Key the same as another: digests in hex.
struct RequestIdentity {
  std::string key;          ///< of who asks for what under which key
  std::string fingerprint;  ///< of what is sent along
};

/// The parts of an answer that are given again.
struct KeptAnswer {
  int status = 0;
  std::string content_type;
  std::string location;
  std::string body;  ///< text
};

/// Requests that take effect once, remembered in the database that all nodes share. Any worker.
///
/// A request is in flight until its answer is kept or it is withdrawn. A node that dies in between leaves it so; after
/// `in_flight_limit` the next one that asks may begin it anew. What became of the first is not known then: only
/// operations whose second time changes nothing may be served through this.
class IdempotentRequests {
 public:
  static constexpr milliseconds in_flight_limit{60'000};

  /// `retention`: how long an answer is given again, counted from the request.
  IdempotentRequests(store::Database& database, const Clock& clock, Ids& ids, milliseconds retention);

  enum class Verdict : std::uint8_t {
    begun,      ///< to be served; then keep() or withdraw()
    in_flight,  ///< another one is served at the moment
    repeated,   ///< `answer` is to be given again
    reused,     ///< the key was used for something else
  };
  struct Standing {
    Verdict verdict = Verdict::begun;
    std::string attempt;  ///< of what is begun: only whoever began it may settle it
    KeptAnswer answer;
  };
  asio::awaitable<Result<Standing>> begin(RequestIdentity identity);
  /// Nothing happens when another attempt has taken over.
  asio::awaitable<Result<>> keep(std::string key, std::string attempt, KeptAnswer answer);
  /// As if it had never come: the same key may be tried again.
  asio::awaitable<Result<>> withdraw(std::string key, std::string attempt);

  /// Forgets at most `limit` of those that are older than the retention; says how many.
  asio::awaitable<Result<std::size_t>> forget(std::size_t limit);

 private:
  store::Database& database_;
  const Clock& clock_;
  const milliseconds retention_;
  const std::string node_;
  std::atomic<std::uint64_t> attempts_{0};
};

}  // namespace trunkline::api

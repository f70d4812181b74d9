#pragma once

#include <trunkline/base/result.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace trunkline::recording {

/// Where the files lie of recordings that a provider made. Locations are the provider's: who is asked decides whether
/// they may be asked for. Any worker; outlives what it was asked for.
class FileSource {
 public:
  virtual ~FileSource() = default;

  /// As in calls and recordings: `acs`.
  virtual std::string_view provider() const = 0;

  /// Takes one part after the other, in order and without gaps. An error ends it all and comes back.
  using Take = std::function<boost::asio::awaitable<Result<>>(std::uint64_t offset, std::string bytes)>;
  /// How many bytes there were, all of which `take` had; `take` stays until then. Errors: those of `take`, and as for
  /// commands, and `recording_gone`, and for good `recording_url_refused` (nobody was asked), `recording_too_large`.
  virtual boost::asio::awaitable<Result<std::uint64_t>> download(std::string location, const Take& take) = 0;

  /// Removes it there. What is gone already is no error; others as above.
  virtual boost::asio::awaitable<Result<>> remove(std::string location) = 0;
};

}  // namespace trunkline::recording

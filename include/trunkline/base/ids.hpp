#pragma once

#include <trunkline/base/clock.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace trunkline {

/// Where identity and secrets come from. Injected like Clock. Safe to call from any thread.
class Ids {
 public:
  virtual ~Ids() = default;

  /// `prefix` + `_` + ULID (26 characters, Crockford base32): sortable by creation time, strictly increasing within
  /// one process. Prefixes in use: call, rec, evt, seg, req, str.
  virtual std::string make(std::string_view prefix) = 0;

  /// `bytes` random bytes from the operating system's generator as lower-case hex: tokens and keys.
  virtual std::string secret(std::size_t bytes) = 0;
};

std::unique_ptr<Ids> make_ids(const Clock& clock);

}  // namespace trunkline

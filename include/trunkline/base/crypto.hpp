#pragma once

#include <string>
#include <string_view>

namespace trunkline::crypto {

/// Raw digests (20 and 32 bytes), by OpenSSL.
std::string hmac_sha1(std::string_view key, std::string_view message);
std::string hmac_sha256(std::string_view key, std::string_view message);
std::string sha256(std::string_view message);

std::string hex(std::string_view bytes);

/// Takes the same time whatever differs; different lengths are unequal at once (a length is no secret).
bool equal_constant_time(std::string_view a, std::string_view b);

/// Digest of a stream of bytes, for files that do not fit in memory.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::string_view bytes);
  /// The digest as lower-case hex; call once, at the end.
  std::string finish();

 private:
  void* context_;
};

}  // namespace trunkline::crypto

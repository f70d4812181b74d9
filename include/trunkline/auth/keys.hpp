#pragma once

#include <trunkline/base/result.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::auth {

/// RFC 7518 section 3.1. There is no `none`.
enum class Algorithm { hs256, rs256, es256 };
std::string_view to_string(Algorithm algorithm);

/// The keys that tokens may be signed with. Each key is bound to one algorithm when it is made, so a token cannot
/// choose how it is checked. Immutable; any thread; cheap to copy.
class KeySet {
 public:
  /// HS256. Error `key_invalid` below 16 bytes.
  static Result<KeySet> from_secret(std::string secret);
  /// A public key in PEM: RSA of at least 2048 bits (RS256) or EC P-256 (ES256). Error `key_invalid`.
  static Result<KeySet> from_pem(std::string_view pem);
  /// A JWK set (RFC 7517) of at most 100 keys; keys of other kinds and for other uses are left out. Error
  /// `key_invalid`, also when none is left.
  static Result<KeySet> from_jwks(std::string_view json);
  /// The same of an issuer whose set we cannot mend: broken keys are left out, too.
  static Result<KeySet> from_foreign_jwks(std::string_view json);

  /// What a token's header says about its signature.
  struct Claimed {
    std::string_view algorithm;
    std::string_view key_id;  ///< empty: not said
  };
  /// True when the named key, or the only key of the algorithm when none is named, has made `signature`.
  bool verify(const Claimed& claimed, std::string_view message, std::string_view signature) const;

  /// Whether there is a key that verify() would use.
  bool has_key(const Claimed& claimed) const { return find(claimed) != nullptr; }

  /// Whether signatures are checked with public keys, which takes five to fifteen times as long as with a secret.
  bool is_public() const;

  struct Key;

 private:
  enum class BrokenKeys : std::uint8_t { refused, left_out };
  static Result<KeySet> read_jwks(std::string_view json, BrokenKeys broken);

  explicit KeySet(std::vector<Key> keys);
  const Key* find(const Claimed& claimed) const;

  std::shared_ptr<const std::vector<Key>> keys_;
};

}  // namespace trunkline::auth

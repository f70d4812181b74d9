#include "fuzz.hpp"

#include <trunkline/auth/jwt.hpp>

using namespace trunkline;

// A token that no key has signed is never believed, whatever it claims; taking it apart never fails hard.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto keys = auth::KeySet::from_secret("a secret that no input knows");
  const std::string_view text = fuzz::as_text(data, size);
  const auto token = auth::parse_token(text);
  if (token) fuzz::must(text.starts_with(token->signed_part));
  fuzz::must(!auth::verify_token(text, *keys, {}, from_millis(1'790'000'000'000)));
  return 0;
}

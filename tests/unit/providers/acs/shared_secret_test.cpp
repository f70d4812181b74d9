#include <trunkline/base/base64.hpp>
#include <trunkline/base/crypto.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/shared_secret.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

using namespace trunkline;
using namespace trunkline::providers::acs;

namespace {

const std::vector<std::string> secrets = {"Jefe"};
const std::string body = "what do ya want for nothing?";
/// RFC 4231 section 4.3.
const std::string hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

}  // namespace

TEST_CASE("a body's signature is HMAC-SHA256, in each form that senders write it in") {
  CHECK(sign_body("Jefe", body) == "sha256=" + hex);
  const std::string digest = crypto::hmac_sha256("Jefe", body);
  const std::string padded = base64::encode(digest);
  REQUIRE(padded.ends_with('='));
  for (const std::string& form : {hex, upper(hex), "sha256=" + hex, "SHA256=" + upper(hex), " " + hex + " ", padded,
                                  padded.substr(0, 43), "sha256=" + padded, base64::encode_url(digest)}) {
    CAPTURE(form);
    CHECK(body_signature_matches(secrets, body, form));
  }
}

TEST_CASE("both alphabets of base64 are read") {
  // A body whose signature has both characters that the alphabets write differently.
  for (int i = 0; i < 1'000; ++i) {
    const std::string text = std::to_string(i);
    const std::string digest = crypto::hmac_sha256("Jefe", text);
    const std::string standard = base64::encode(digest);
    if (standard.find('+') == std::string::npos || standard.find('/') == std::string::npos) continue;
    CHECK(body_signature_matches(secrets, text, standard));
    CHECK(body_signature_matches(secrets, text, base64::encode_url(digest)));
    return;
  }
  FAIL("no such body");
}

TEST_CASE("a changed body, signature or secret does not match") {
  CHECK_FALSE(body_signature_matches(secrets, body + " ", hex));
  CHECK_FALSE(body_signature_matches(secrets, "", hex));
  CHECK_FALSE(body_signature_matches(std::vector<std::string>{"jefe"}, body, hex));
  for (const std::string& wrong : {std::string(), std::string("sha256="), hex.substr(1), hex + "0", "sha1=" + hex,
                                   std::string(64, '0'), std::string(44, '='), std::string(1'000'000, 'a')}) {
    CHECK_FALSE(body_signature_matches(secrets, body, wrong));
  }
  for (std::size_t i = 0; i < hex.size(); ++i) {
    std::string wrong = hex;
    wrong[i] = wrong[i] == '0' ? '1' : '0';
    CHECK_FALSE(body_signature_matches(secrets, body, wrong));
  }
}

TEST_CASE("while a secret is changed both sign, and an empty one never does") {
  const std::vector<std::string> both = {"new", "", "Jefe"};
  CHECK(body_signature_matches(both, body, sign_body("new", body)));
  CHECK(body_signature_matches(both, body, sign_body("Jefe", body)));
  CHECK_FALSE(body_signature_matches(both, body, sign_body("", body)));
  CHECK_FALSE(body_signature_matches({}, body, sign_body("", body)));
}

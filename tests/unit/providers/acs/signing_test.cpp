#include <trunkline/base/base64.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/signing.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <string>

using namespace trunkline;
using namespace trunkline::providers::acs;

namespace {

nlohmann::json vectors() {
  std::ifstream file(TRUNKLINE_SOURCE_DIR "/tests/data/acs/azure-signing-vectors.json");
  return nlohmann::json::parse(file)["acs_hmac"];
}

std::string access_key() {
  std::string key;
  for (char byte = 1; byte <= 64; ++byte) key += byte;
  return key;
}

/// A vector's request, with the texts that Signable looks at.
struct Case {
  explicit Case(const nlohmann::json& vector)
      : method(vector["method"]), url(vector["url"]), body(vector["body"]), date(vector["x_ms_date"]) {
    const auto host_begin = url.find("://") + 3;
    const auto path = url.find('/', host_begin);
    host = url.substr(host_begin, path - host_begin);
    target = url.substr(path);
  }
  Signable request() const { return {method, target, host, body}; }
  WallTime now() const { return text::parse_rfc2822(date).value(); }

  std::string method, url, body, date, host, target;
};

const Case& answer() {
  static const Case made(vectors()["cases"][0]);
  return made;
}

std::string verdict(const Signable& request, const SignatureHeaders& headers, WallTime now,
                    const std::string& key = access_key()) {
  const auto verified = verify(key, request, headers, now);
  return verified ? "fine" : verified.error().code;
}

}  // namespace

TEST_CASE("requests are signed as Microsoft's own library does") {
  const auto all = vectors();
  REQUIRE(all["cases"].size() == 4);
  std::string key(64, '\0');
  const std::string key_text = all["access_key_base64"];
  std::vector<std::uint8_t> bytes(base64::max_decoded(key_text.size()));
  bytes.resize(base64::decode(key_text, bytes).value());
  REQUIRE(std::string(bytes.begin(), bytes.end()) == access_key());
  for (const auto& vector : all["cases"]) {
    INFO(vector["url"]);
    const Case one(vector);
    const auto headers = sign(access_key(), one.request(), one.now());
    CHECK(headers.date == vector["x_ms_date"]);
    CHECK(headers.content_hash == vector["x_ms_content_sha256"]);
    CHECK(string_to_sign(one.request(), headers.date, headers.content_hash) == vector["string_to_sign"]);
    CHECK(headers.authorization == vector["authorization"]);
    CHECK(verdict(one.request(), headers, one.now()) == "fine");
  }
}

TEST_CASE("whatever a signature covers breaks it when it is changed") {
  const Case& one = answer();
  const auto good = sign(access_key(), one.request(), one.now());
  auto request = one.request();
  request.method = "PUT";
  CHECK(verdict(request, good, one.now()) == "signature_wrong");
  request = one.request();
  request.target = "/calling/callConnections:answer?api-version=2026-03-12";
  CHECK(verdict(request, good, one.now()) == "signature_wrong");
  request = one.request();
  request.host = "fabrikam.unitedstates.communication.azure.com";
  CHECK(verdict(request, good, one.now()) == "signature_wrong");
  request = one.request();
  request.body = "{}";
  CHECK(verdict(request, good, one.now()) == "content_hash_wrong");
  auto headers = good;
  headers.content_hash = content_hash("{}");
  CHECK(verdict(request, headers, one.now()) == "signature_wrong");
  headers = good;
  headers.date = "Fri, 20 Nov 2026 12:00:01 GMT";
  CHECK(verdict(one.request(), headers, one.now()) == "signature_wrong");
  CHECK(verdict(one.request(), good, one.now(), access_key() + "x") == "signature_wrong");
}

TEST_CASE("a signature with an empty key is nobody's") {
  const Case& one = answer();
  CHECK(verdict(one.request(), sign("", one.request(), one.now()), one.now(), "") == "signature_wrong");
}

TEST_CASE("a missing header is named") {
  const Case& one = answer();
  const auto good = sign(access_key(), one.request(), one.now());
  auto headers = good;
  headers.date.clear();
  CHECK(verify(access_key(), one.request(), headers, one.now()).error().message == "the header x-ms-date is missing");
  headers = good;
  headers.content_hash.clear();
  CHECK(verdict(one.request(), headers, one.now()) == "header_missing");
  headers = good;
  headers.authorization.clear();
  CHECK(verdict(one.request(), headers, one.now()) == "header_missing");
  auto request = one.request();
  request.host = {};
  CHECK(verdict(request, good, one.now()) == "header_missing");
}

TEST_CASE("a signature serves for a quarter of an hour") {
  const Case& one = answer();
  const auto headers = sign(access_key(), one.request(), one.now());
  CHECK(verdict(one.request(), headers, one.now() + allowed_skew) == "fine");
  CHECK(verdict(one.request(), headers, one.now() - allowed_skew) == "fine");
  CHECK(verdict(one.request(), headers, one.now() + allowed_skew + milliseconds(1)) == "date_wrong");
  CHECK(verdict(one.request(), headers, one.now() - allowed_skew - milliseconds(1)) == "date_wrong");
  auto other = headers;
  other.date = "2026-11-20T12:00:00Z";
  CHECK(verdict(one.request(), other, one.now()) == "date_wrong");
}

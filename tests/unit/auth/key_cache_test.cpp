#include "auth/key_cache.hpp"

#include "unit/auth/vectors.hpp"

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::auth;
using namespace trunkline::auth::test;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

KeySet keys_named(const std::string& name) {
  return KeySet::from_jwks(jwks(rsa_jwk(R"(,"kid":")" + name + R"(")"))).value();
}

/// A cache whose time a test moves.
struct Aged {
  KeyCache cache;
  MonoTime now{hours{1}};

  /// What the next asker for that key is told to do.
  std::string next(const std::string& name) {
    const auto [fetch, wait] = cache.next({"RS256", name}, now);
    return std::string(fetch ? "fetch" : "-") + (wait ? " wait" : "");
  }
  void fetched(const std::string& name) { cache.fetched(keys_named(name), now); }
  void failed() { cache.fetched(make_error("timeout", "no answer"), now); }
  std::string find(const std::string& name) const {
    const auto found = cache.find({"RS256", name});
    return found ? "found" : found.error().code;
  }
};

}  // namespace

TEST_CASE_METHOD(Aged, "the first asker fetches, those that come meanwhile wait") {
  CHECK(next("a") == "fetch wait");
  CHECK(next("a") == "- wait");
  CHECK(find("a") == "keys_unavailable");
  fetched("a");
  CHECK(next("a") == "-");
  CHECK(find("a") == "found");
}

TEST_CASE_METHOD(Aged, "unknown keys are asked for once a minute, and known ones are not") {
  next("a");
  fetched("a");
  now += seconds{59};
  CHECK(next("b") == "-");
  CHECK(find("b") == "token_signature");
  now += seconds{1};
  CHECK(next("a") == "-");
  CHECK(next("b") == "fetch wait");
  CHECK(next("b") == "- wait");
  CHECK(next("a") == "-");
  fetched("b");
  CHECK(find("b") == "found");
  CHECK(find("a") == "token_signature");
}

TEST_CASE_METHOD(Aged, "keys of yesterday are fetched anew while they serve") {
  next("a");
  fetched("a");
  now += hours{24} - seconds{1};
  CHECK(next("a") == "-");
  now += seconds{1};
  CHECK(next("a") == "fetch");
  CHECK(next("a") == "-");
  CHECK(find("a") == "found");
  failed();
  CHECK(find("a") == "found");
  CHECK(next("a") == "-");
  now += minutes{1};
  CHECK(next("a") == "fetch");
  fetched("a");
  now += minutes{1};
  CHECK(next("a") == "-");
}

TEST_CASE_METHOD(Aged, "a failed fetch takes nothing away, and leaves open what it would have brought") {
  next("a");
  fetched("a");
  now += minutes{1};
  CHECK(next("b") == "fetch wait");
  failed();
  CHECK(find("a") == "found");
  CHECK(find("b") == "keys_unavailable");
  now += minutes{1};
  next("b");
  fetched("a");
  CHECK(find("b") == "token_signature");
}

TEST_CASE_METHOD(Aged, "without any keys the next try comes after five seconds") {
  next("a");
  failed();
  CHECK(find("a") == "keys_unavailable");
  now += milliseconds{4'999};
  CHECK(next("a") == "-");
  now += milliseconds{1};
  CHECK(next("a") == "fetch wait");
}

TEST_CASE_METHOD(Aged, "a fetch that never ends is lost after half a minute, and may still bring keys") {
  next("a");
  now += milliseconds{29'999};
  CHECK(next("a") == "- wait");
  now += milliseconds{1};
  CHECK(next("a") == "fetch wait");
  fetched("a");
  CHECK(find("a") == "found");
  failed();
  CHECK(find("a") == "found");
}

#include "support/manual_clock.hpp"
#include "unit/auth/vectors.hpp"

#include <trunkline/auth/rotating_keys.hpp>
#include <trunkline/auth/signing_key.hpp>
#include <trunkline/base/text.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>

#include <atomic>
#include <latch>
#include <thread>

using namespace trunkline;
using namespace trunkline::auth;
namespace asio = boost::asio;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

/// Two keys for all tests: to make one takes a tenth of a second.
const SigningKey& old_key() {
  static const SigningKey key = SigningKey::generate();
  return key;
}
const SigningKey& new_key() {
  static const SigningKey key = SigningKey::generate();
  return key;
}

/// Who signs, publishes and answers slowly when told to.
struct Issuer {
  std::string published = jwks_of({&old_key(), 1});
  bool down = false;
  bool slow = false;
  std::atomic<int> fetches{0};
  std::shared_ptr<asio::steady_timer> held;  ///< the fetch that is being answered slowly

  asio::awaitable<Result<std::string>> fetch() {
    ++fetches;
    if (slow) {
      held = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, hours{1});
      boost::system::error_code cancelled;
      co_await held->async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
    if (down) co_return make_error("unreachable", "nobody answers");
    co_return published;
  }
};

/// Tokens that are checked one after another, or at once.
struct Checking {
  trunkline::test::ManualClock clock;
  asio::io_context loop;
  Issuer issuer;
  RotatingKeys keys{[this] { return issuer.fetch(); }, clock};
  ClaimRules rules{"https://issuer.example", "resource"};

  Claims claims() const {
    Claims out;
    out.issuer = rules.issuer;
    out.audience = {rules.audience};
    out.expires = to_millis(clock.wall()) / 1000 + 300;
    return out;
  }
  std::string token(const SigningKey& key = old_key()) const { return key.sign(claims()); }

  /// Outcomes come into the list as they are had.
  void ask(std::string text, std::vector<std::string>& outcomes) {
    asio::co_spawn(loop, check(std::move(text), outcomes), asio::detached);
    turn();
  }
  asio::awaitable<void> check(std::string text, std::vector<std::string>& outcomes) {
    const auto checked = co_await keys.verify(std::move(text), rules);
    outcomes.push_back(checked ? "accepted" : checked.error().code);
  }
  void turn() {
    loop.restart();
    loop.poll();
  }
  std::string outcome(std::string text) {
    std::vector<std::string> outcomes;
    ask(std::move(text), outcomes);
    return outcomes.empty() ? "waits" : outcomes.front();
  }
};

std::string with_header(const std::string& header, const std::string& token) {
  return base64::encode_url(header) + token.substr(token.find('.'));
}

}  // namespace

TEST_CASE_METHOD(Checking, "a token of the issuer is accepted, and its keys are fetched once") {
  CHECK(outcome(token()) == "accepted");
  CHECK(outcome(token()) == "accepted");
  CHECK(issuer.fetches == 1);
}

TEST_CASE_METHOD(Checking, "a rotated key is found at its first token, and the old one ends with it") {
  CHECK(outcome(token()) == "accepted");
  issuer.published = jwks_of({&new_key(), 1});
  clock.advance(minutes{1});
  CHECK(outcome(token(new_key())) == "accepted");
  CHECK(outcome(token(old_key())) == "token_signature");
  CHECK(issuer.fetches == 2);
}

TEST_CASE_METHOD(Checking, "a storm of unknown keys makes one fetch a minute") {
  outcome(token());
  for (int minute = 0; minute < 5; ++minute) {
    clock.advance(minutes{1});
    for (int i = 0; i < 20; ++i) {
      CHECK(outcome(with_header(R"({"alg":"RS256","kid":"k)" + std::to_string(i) + R"("})", token())) ==
            "token_signature");
    }
  }
  CHECK(issuer.fetches == 6);
  CHECK(outcome(token()) == "accepted");
}

TEST_CASE_METHOD(Checking, "keys that cannot be fetched leave the old ones in use") {
  CHECK(outcome(token()) == "accepted");
  issuer.down = true;
  clock.advance(hours{48});
  CHECK(outcome(token()) == "accepted");
  CHECK(outcome(token()) == "accepted");
  CHECK(issuer.fetches == 2);
  CHECK(outcome(token(new_key())) == "keys_unavailable");
}

TEST_CASE_METHOD(Checking, "without any keys nobody is called a forger") {
  issuer.down = true;
  CHECK(outcome(token()) == "keys_unavailable");
  issuer.down = false;
  CHECK(outcome(token()) == "keys_unavailable");
  clock.advance(seconds{5});
  CHECK(outcome(token()) == "accepted");
  CHECK(issuer.fetches == 2);
}

TEST_CASE_METHOD(Checking, "those who ask at once share one fetch") {
  issuer.slow = true;
  std::vector<std::string> outcomes;
  for (int i = 0; i < 10; ++i) ask(token(), outcomes);
  CHECK(outcomes.empty());
  CHECK(issuer.fetches == 1);
  issuer.held->cancel();
  turn();
  CHECK(outcomes == std::vector<std::string>(10, "accepted"));
  CHECK(issuer.fetches == 1);
}

TEST_CASE_METHOD(Checking, "keys of yesterday serve while new ones are fetched") {
  outcome(token());
  clock.advance(hours{24});
  issuer.slow = true;
  issuer.published = jwks_of({&new_key(), 1});
  CHECK(outcome(token()) == "accepted");
  CHECK(issuer.fetches == 2);
  issuer.held->cancel();
  turn();
  CHECK(outcome(token(new_key())) == "accepted");
  CHECK(outcome(token(old_key())) == "token_signature");
}

TEST_CASE_METHOD(Checking, "nobody waits for longer than the patience, and no more than a thousand do") {
  keys = RotatingKeys([this] { return issuer.fetch(); }, clock, milliseconds{1});
  issuer.slow = true;
  std::vector<std::string> outcomes;
  ask(token(), outcomes);
  loop.restart();
  while (outcomes.empty() && loop.run_one() > 0) continue;
  CHECK(outcomes == std::vector<std::string>{"keys_unavailable"});
  issuer.held->cancel();  // its end comes late, and is of use to the next
  turn();
  CHECK(outcome(token()) == "accepted");

  Checking crowded;
  crowded.issuer.slow = true;
  outcomes.clear();
  const std::string same = crowded.token();
  for (std::size_t i = 0; i <= RotatingKeys::max_waiting; ++i) crowded.ask(same, outcomes);
  CHECK(outcomes == std::vector<std::string>{"keys_unavailable"});
  crowded.issuer.held->cancel();
  crowded.turn();
  CHECK(outcomes.size() == RotatingKeys::max_waiting + 1);
  CHECK(outcomes.back() == "accepted");
}

TEST_CASE("a worker that ends takes those who wait on it with it, and the others go on") {
  Checking other;
  Issuer& issuer = other.issuer;
  issuer.slow = true;
  std::vector<std::string> outcomes;
  other.ask(other.token(), outcomes);
  {
    asio::io_context ending;
    asio::co_spawn(ending, other.check(other.token(), outcomes), asio::detached);
    ending.poll();
  }
  CHECK(issuer.fetches == 1);
  issuer.held->cancel();
  other.turn();
  CHECK(outcomes == std::vector<std::string>{"accepted"});
}

TEST_CASE_METHOD(Checking, "a token cannot choose how it is checked") {
  const std::string unsigned_part = with_header(R"({"alg":"none"})", token());
  CHECK(outcome(unsigned_part) == "token_signature");
  CHECK(outcome(unsigned_part.substr(0, unsigned_part.rfind('.') + 1)) == "token_signature");
  CHECK(issuer.fetches == 0);  // refused before anything is asked

  const std::string payload = base64::decode_url(text::split(token(), '.')[1]).value();
  for (const char* algorithm : {"HS256", "ES256", "RS512", "PS256", "rs256", ""}) {
    const std::string header = R"({"alg":")" + std::string(algorithm) + R"(","kid":")" + old_key().id() + R"("})";
    CHECK(outcome(auth::test::hs256(header, payload, old_key().jwk())) == "token_signature");
    CHECK(outcome(auth::test::hs256(header, payload, issuer.published)) == "token_signature");
  }
  CHECK(issuer.fetches == 0);
  const std::string header = R"({"alg":"RS256","kid":")" + old_key().id() + R"("})";
  CHECK(outcome(auth::test::hs256(header, payload, old_key().jwk())) == "token_signature");
}

TEST_CASE_METHOD(Checking, "claims are checked as the rules say") {
  Claims other = claims();
  other.audience = {"another"};
  CHECK(outcome(old_key().sign(other)) == "token_audience");
  other = claims();
  other.issuer = "https://another.example";
  CHECK(outcome(old_key().sign(other)) == "token_issuer");
  other = claims();
  other.expires.reset();
  CHECK(outcome(old_key().sign(other)) == "token_malformed");
  other = claims();
  other.not_before = *other.expires;
  CHECK(outcome(old_key().sign(other)) == "token_not_yet_valid");
}

TEST_CASE_METHOD(Checking, "a token that is late is good within the leeway") {
  rules.leeway = minutes{5};
  const std::string then = token();
  clock.advance(minutes{10} - seconds{1});
  CHECK(outcome(then) == "accepted");
  clock.advance(seconds{1});
  CHECK(outcome(then) == "token_expired");
}

TEST_CASE_METHOD(Checking, "a changed part breaks the signature, and what is no token is malformed") {
  const std::string good = token();
  const auto parts = text::split(good, '.');
  std::string payload = base64::decode_url(parts[1]).value();
  payload.replace(payload.find("resource"), 8, "Resource");
  CHECK(outcome(std::string(parts[0]) + "." + base64::encode_url(payload) + "." + std::string(parts[2])) ==
        "token_signature");
  CHECK(outcome(good.substr(0, good.size() - 4)) == "token_signature");
  CHECK(outcome("") == "token_missing");
  CHECK(outcome("a.b") == "token_malformed");
  CHECK(outcome(std::string(max_token_bytes + 1, 'a')) == "token_malformed");
}

TEST_CASE_METHOD(Checking, "what an issuer publishes has limits, and is used without what is broken in it") {
  issuer.published = R"({"keys":[{"kty":"RSA","kid":"broken","n":"AQAB"},)" + old_key().jwk() + "]}";
  CHECK(outcome(token()) == "accepted");

  issuer.published = jwks_of({&new_key(), 1}) + std::string(RotatingKeys::max_bytes, ' ');
  clock.advance(minutes{1});
  CHECK(outcome(token(new_key())) == "keys_unavailable");
  CHECK(outcome(token(old_key())) == "accepted");
}

TEST_CASE("workers on threads of their own share the keys and the fetch") {
  trunkline::test::ManualClock clock;
  Issuer issuer;
  RotatingKeys keys([&] { return issuer.fetch(); }, clock);
  Claims claims;
  claims.expires = to_millis(clock.wall()) / 1000 + 300;
  const std::string token = old_key().sign(claims);

  constexpr int workers = 4;
  constexpr int asked_each = 25;
  std::atomic<int> accepted = 0;
  const ClaimRules no_rules;
  std::latch done(workers * asked_each);
  auto ask = [&]() -> asio::awaitable<void> {
    const auto checked = co_await keys.verify(token, no_rules);
    if (checked) ++accepted;
    done.count_down();
  };
  asio::io_context loops[workers];
  std::vector<std::thread> threads;
  for (asio::io_context& loop : loops) {
    for (int i = 0; i < asked_each; ++i) asio::co_spawn(loop, ask, asio::detached);
    threads.emplace_back([&] { loop.run(); });
  }
  done.wait();
  for (std::thread& thread : threads) thread.join();
  CHECK(accepted == workers * asked_each);
  CHECK(issuer.fetches == 1);
}

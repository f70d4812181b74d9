#include <trunkline/base/json.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/net/client.hpp>
#include <trunkline/providers/acs/credential.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

namespace trunkline::providers::acs {
namespace {

constexpr std::chrono::minutes renewed_before{5};
constexpr std::chrono::seconds between_failures{30};
constexpr std::size_t max_token = 16 * 1024;
constexpr std::size_t max_answer_bytes = 64 * 1024;

class AccessKey final : public Credential {
 public:
  AccessKey(std::string key, const Clock& clock) : key_(std::move(key)), clock_(clock) {}

  asio::awaitable<Result<net::Headers>> authorize(Signable request) override {
    SignatureHeaders made = sign(key_, request, clock_.wall());
    net::Headers headers;
    headers.push_back({"x-ms-date", std::move(made.date)});
    headers.push_back({"x-ms-content-sha256", std::move(made.content_hash)});
    headers.push_back({"Authorization", std::move(made.authorization)});
    co_return headers;
  }

 private:
  std::string key_;
  const Clock& clock_;
};

bool may_pass(int status) {
  return status == 404 || status == 429 || status >= 500;
}

/// One who waits for a token that another fetches. Belongs to its coroutine: it goes with that, and nobody calls it
/// then.
struct Waiter {
  explicit Waiter(const asio::any_io_executor& executor) : done(executor, MonoTime::max()) {}

  asio::steady_timer done;
  std::optional<Result<std::string>> answer;  // nothing: who fetched was cut off, somebody else must
};

class Identity final : public Credential {
 public:
  Identity(ManagedIdentity options, const Clock& clock, Wait wait)
      : options_(std::move(options)), clock_(clock), wait_(std::move(wait)) {}

  asio::awaitable<Result<net::Headers>> authorize(Signable) override {
    const auto token = co_await current_token();
    if (!token) co_return token.error();
    net::Headers headers;
    headers.push_back({"Authorization", "Bearer " + *token});
    co_return headers;
  }

 private:
  /// Fetching. Wakes those who wait when it goes, also when the coroutine is cut off.
  class Turn {
   public:
    explicit Turn(Identity& identity) : identity_(identity) {}
    ~Turn() { identity_.end_turn(answer_); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    Result<std::string> finish(const Result<AccessToken>& fetched) {
      answer_ = identity_.take(fetched);
      return *answer_;
    }

   private:
    Identity& identity_;
    std::optional<Result<std::string>> answer_;
  };

  asio::awaitable<Result<std::string>> current_token() {
    const auto executor = co_await asio::this_coro::executor;
    for (;;) {
      std::shared_ptr<Waiter> waiter;
      if (auto token = token_or_turn(executor, waiter)) co_return std::move(*token);
      if (!waiter) {
        Turn turn(*this);
        const auto fetched = co_await fetch_token();
        co_return turn.finish(fetched);
      }
      boost::system::error_code cancelled;
      co_await waiter->done.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
      const std::lock_guard lock(mutex_);
      if (waiter->answer) co_return *waiter->answer;
    }
  }

  // A token that can be had at once; else it is the caller's turn to fetch one, unless `waiter` was made.
  std::optional<std::string> token_or_turn(const asio::any_io_executor& executor, std::shared_ptr<Waiter>& waiter) {
    const std::lock_guard lock(mutex_);
    const WallTime now = clock_.wall();
    const bool usable = now < held_.expires;
    if (usable && (now < held_.expires - renewed_before || now < next_fetch_)) return held_.token;
    if (fetching_) {
      waiter = std::make_shared<Waiter>(executor);
      waiters_.push_back(waiter);
    }
    fetching_ = true;
    return std::nullopt;
  }

  Result<std::string> take(const Result<AccessToken>& fetched) {
    const std::lock_guard lock(mutex_);
    const WallTime now = clock_.wall();
    if (fetched) {
      held_ = *fetched;
    } else if (now < held_.expires) {
      next_fetch_ = now + between_failures;
    } else {
      return fetched.error();
    }
    return held_.token;
  }

  void end_turn(const std::optional<Result<std::string>>& answer) {
    const std::lock_guard lock(mutex_);
    fetching_ = false;
    for (const auto& one : std::exchange(waiters_, {})) {
      const auto waiter = one.lock();
      if (!waiter) continue;
      waiter->answer = answer;
      asio::post(waiter->done.get_executor(), [waiter] { waiter->done.cancel(); });
    }
  }

  asio::awaitable<Result<AccessToken>> fetch_token() {
    for (std::size_t attempt = 0;; ++attempt) {
      const auto response = co_await net::fetch(token_request());
      if (!response) {
        co_return make_error("provider_unavailable", "no token: the managed identity service cannot be reached",
                             response.error().message + ": " + response.error().detail);
      }
      if (response->status == 200) {
        auto token = read_access_token(response->body);
        if (token && token->expires <= clock_.wall()) co_return make_error("provider_unavailable", "the token is old");
        co_return token;
      }
      if (!may_pass(response->status) || attempt == options_.waits.size()) co_return refused(response->status);
      co_await wait_(options_.waits[attempt]);
    }
  }

  net::ClientRequest token_request() const {
    const bool container = !options_.identity_endpoint.empty() && !options_.identity_header.empty();
    net::ClientRequest request;
    request.url = container ? options_.identity_endpoint : options_.imds_url;
    request.url += request.url.find('?') == std::string::npos ? "?" : "&";
    request.url += container ? "api-version=2019-08-01" : "api-version=2018-02-01";
    request.url += "&resource=" + text::percent_encode(options_.resource);
    if (!options_.client_id.empty()) request.url += "&client_id=" + text::percent_encode(options_.client_id);
    if (container) {
      request.headers.push_back({"X-IDENTITY-HEADER", options_.identity_header});
    } else {
      request.headers.push_back({"Metadata", "true"});
    }
    request.headers.push_back({"Accept", "application/json"});
    request.timeout = options_.timeout;
    request.max_body_bytes = max_answer_bytes;
    return request;
  }

  static Error refused(int status) {
    const bool ours = status / 100 == 4 && status != 404 && status != 429;
    return make_error(ours ? "provider_not_configured" : "provider_unavailable",
                      "no token: the managed identity service answered with HTTP " + std::to_string(status));
  }

  const ManagedIdentity options_;
  const Clock& clock_;
  const Wait wait_;
  std::mutex mutex_;
  AccessToken held_;
  WallTime next_fetch_;
  bool fetching_ = false;
  std::vector<std::weak_ptr<Waiter>> waiters_;
};

std::optional<std::int64_t> seconds_in(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return std::nullopt;
  if (found->is_string()) return text::to_int(found->get_ref<const std::string&>());
  if (found->is_number_integer()) return found->get<std::int64_t>();
  return std::nullopt;
}

}  // namespace

Result<AccessToken> read_access_token(std::string_view body) {
  constexpr std::int64_t latest = 253'402'300'799;  // the end of the year 9999
  const auto object = nlohmann::json::parse(body, nullptr, false);
  AccessToken out;
  std::optional<std::int64_t> expires;
  if (object.is_object()) {
    out.token = text_of(object, "access_token");
    expires = seconds_in(object, "expires_on");
  }
  // It goes into a header: nothing but what a token is made of.
  const bool sane = !out.token.empty() && out.token.size() <= max_token &&
                    std::all_of(out.token.begin(), out.token.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (!sane || !expires || *expires < 0 || *expires > latest) {
    return make_error("provider_unavailable", "no token: the managed identity service's answer could not be read");
  }
  out.expires = WallTime{std::chrono::seconds{*expires}};
  return out;
}

std::unique_ptr<Credential> access_key_credential(std::string access_key, const Clock& clock) {
  return std::make_unique<AccessKey>(std::move(access_key), clock);
}

std::unique_ptr<Credential> managed_identity_credential(ManagedIdentity options, const Clock& clock, Wait wait) {
  return std::make_unique<Identity>(std::move(options), clock, std::move(wait));
}

}  // namespace trunkline::providers::acs

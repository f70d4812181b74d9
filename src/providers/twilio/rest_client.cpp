#include <trunkline/base/base64.hpp>
#include <trunkline/base/form.hpp>
#include <trunkline/net/client.hpp>
#include <trunkline/providers/twilio/rest_client.hpp>

#include <string>

namespace trunkline::providers::twilio {
namespace {

constexpr milliseconds timeout{10'000};

class RestClient final : public calls::Provider {
 public:
  explicit RestClient(const config::Twilio& settings) : settings_(settings) {}

  std::string_view name() const override { return "twilio"; }

  asio::awaitable<Result<>> hang_up(const calls::Call& call) override {
    if (settings_.account_sid.empty() || settings_.auth_tokens.empty()) {
      co_return make_error("provider_not_configured", "set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to end calls");
    }
    // A sub-account's calls stand under its own name; the main account's token opens them.
    const auto own = call.metadata.find("AccountSid");
    const bool account_known = own != call.metadata.end();
    const std::string& account = account_known ? own->second : settings_.account_sid;
    net::ClientRequest request;
    request.method = "POST";
    request.url = settings_.api_url + "/2010-04-01/Accounts/" + account + "/Calls/" + call.provider_call_id + ".json";
    request.headers = {
        {"Authorization", "Basic " + base64::encode(settings_.account_sid + ":" + settings_.auth_tokens.front())},
        {"Content-Type", "application/x-www-form-urlencoded"},
        {"Accept", "application/json"}};
    request.body = encode_form({{"Status", "completed"}});
    request.timeout = timeout;
    const auto response = co_await net::fetch(std::move(request));
    if (!response) co_return response.error();
    // Over for so long that Twilio forgot it; under another account's name a running call is unknown, too.
    const bool forgotten = response->status == 404 && account_known;
    if (response->status / 100 == 2 || forgotten) co_return Result<>{};
    co_return make_error("provider_failed", "Twilio answered with HTTP " + std::to_string(response->status),
                         response->body.substr(0, 500));
  }

 private:
  const config::Twilio& settings_;
};

}  // namespace

std::unique_ptr<calls::Provider> make_rest_client(const config::Twilio& settings) {
  return std::make_unique<RestClient>(settings);
}

}  // namespace trunkline::providers::twilio

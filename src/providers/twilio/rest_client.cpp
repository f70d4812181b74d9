#include <trunkline/base/base64.hpp>
#include <trunkline/base/form.hpp>
#include <trunkline/base/json.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/calls/fold.hpp>
#include <trunkline/net/client.hpp>
#include <trunkline/providers/twilio/rest_client.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <utility>

namespace trunkline::providers::twilio {
namespace {

constexpr milliseconds timeout{10'000};

constexpr std::size_t max_answer_bytes = 64 * 1024;

// https://www.twilio.com/docs/voice/api/call-resource: numbers are text, times RFC 2822, and null until they are known.
Result<std::optional<calls::ProviderWord>> read_call(const std::string& body) {
  const auto object = nlohmann::json::parse(body, nullptr, false);
  calls::ProviderWord word;
  if (object.is_object()) word.status = text_of(object, "status");
  const auto mapped = calls::map_twilio_status(word.status);
  if (!mapped) return make_error("provider_failed", "Twilio's answer about a call could not be read");
  word.state = mapped->state;
  word.reason = mapped->reason;
  word.duration_s = text::to_int(text_of(object, "duration"));
  word.ended_at = text::parse_rfc2822(text_of(object, "end_time"));
  return word;
}

class RestClient final : public calls::Provider {
 public:
  explicit RestClient(const config::Twilio& settings) : settings_(settings) {}

  std::string_view name() const override { return "twilio"; }
  bool configured() const override { return !settings_.account_sid.empty() && !settings_.auth_tokens.empty(); }

  asio::awaitable<Result<>> hang_up(const calls::Call& call) override {
    if (!configured()) co_return not_configured();
    net::ClientRequest request = request_about(call);
    request.method = "POST";
    request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
    request.body = encode_form({{"Status", "completed"}});
    const auto response = co_await net::fetch(std::move(request));
    if (!response) co_return response.error();
    // Over for so long that Twilio forgot it.
    if (response->status / 100 == 2 || is_unknown(call, *response)) co_return Result<>{};
    co_return refused(*response);
  }

  asio::awaitable<Result<std::optional<calls::ProviderWord>>> fetch(const calls::Call& call) override {
    if (!configured()) co_return not_configured();
    const auto response = co_await net::fetch(request_about(call));
    if (!response) co_return response.error();
    if (is_unknown(call, *response)) co_return std::optional<calls::ProviderWord>();
    if (response->status == 429) co_return make_error("rate_limited", "Twilio asks for fewer requests");
    if (response->status / 100 != 2) co_return refused(*response);
    co_return read_call(response->body);
  }

 private:
  static Error not_configured() {
    return make_error("provider_not_configured", "set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to end calls");
  }

  static Error refused(const net::ClientResponse& response) {
    return make_error("provider_failed", "Twilio answered with HTTP " + std::to_string(response.status),
                      response.body.substr(0, 500));
  }

  // Under another account's name a running call is unknown, too.
  static bool is_unknown(const calls::Call& call, const net::ClientResponse& response) {
    return response.status == 404 && call.metadata.contains("AccountSid");
  }

  net::ClientRequest request_about(const calls::Call& call) const {
    // A sub-account's calls stand under its own name; the main account's token opens them.
    const auto own = call.metadata.find("AccountSid");
    const std::string& account = own != call.metadata.end() ? own->second : settings_.account_sid;
    net::ClientRequest request;
    request.url = settings_.api_url + "/2010-04-01/Accounts/" + account + "/Calls/" + call.provider_call_id + ".json";
    request.headers = {
        {"Authorization", "Basic " + base64::encode(settings_.account_sid + ":" + settings_.auth_tokens.front())},
        {"Accept", "application/json"}};
    request.timeout = timeout;
    request.max_body_bytes = max_answer_bytes;
    return request;
  }

  const config::Twilio& settings_;
};

}  // namespace

std::unique_ptr<calls::Provider> make_rest_client(const config::Twilio& settings) {
  return std::make_unique<RestClient>(settings);
}

}  // namespace trunkline::providers::twilio

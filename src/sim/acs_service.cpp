#include "sim/acs_operations.hpp"

#include <trunkline/auth/signing_key.hpp>
#include <trunkline/base/base64.hpp>
#include <trunkline/base/crypto.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/base/thread_pool.hpp>
#include <trunkline/base/wakeup.hpp>
#include <trunkline/net/server.hpp>
#include <trunkline/providers/acs/signing.hpp>
#include <trunkline/sim/call.hpp>

#include <array>
#include <utility>

namespace trunkline::sim {
namespace {

namespace acs = providers::acs;
using nlohmann::json;

constexpr std::size_t max_repeatable = 10'000;
constexpr std::string_view keys_path = "/calling/keys";
constexpr std::string_view openid_path = "/calling/.well-known/acsopenidconfiguration";

config::Server listener(const AcsServiceOptions& options) {
  config::Server settings;
  settings.host = options.host;
  settings.port = options.port;
  return settings;
}

net::Response json_response(AcsReply reply) {
  net::Response response;
  response.status = reply.status;
  response.body = std::move(reply.body);
  if (!response.body.empty()) response.set("Content-Type", "application/json; charset=utf-8");
  return response;
}

// Azure says no more than that it is wrong; what exactly helps whoever tries their own client.
AcsReply denied(const Error& error) {
  const json details = json::array({{{"code", error.code}, {"message", error.message}}});
  return acs_reply(
      401, {{"error", {{"code", "Denied"}, {"message", "Denied by the resource provider."}, {"details", details}}}});
}

std::string version_in(std::string_view query) {
  constexpr std::string_view name = "api-version=";
  for (const auto part : text::split(query, '&')) {
    if (part.starts_with(name)) return text::percent_decode(part.substr(name.size()), true);
  }
  return {};
}

bool is_guid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !digit) return false;
  }
  return true;
}

}  // namespace

class AcsService::Impl final : public net::HttpService {
 public:
  Impl(AcsServiceOptions options, Ids& ids, const Clock& clock)
      : options_(std::move(options)),
        clock_(clock),
        key_(auth::SigningKey::derive(options_.access_key)),
        calls_(ids, clock),
        answered_(max_repeatable),
        files_("sim-files", 1, 1),
        server_(workers_, *this, listener(options_), ids, files_) {}

  Result<> start() {
    workers_.start();
    return server_.listen();
  }

  void stop() {
    if (std::exchange(stopped_, true)) return;
    server_.close_all();
    workers_.stop();
    workers_.run_ready();
  }

  asio::awaitable<net::Response> serve(net::Request& request, net::IncomingBody& body) override {
    if (request.method == "GET" && request.path == keys_path) {
      co_return json_response({200, auth::jwks_of({&key_, 1})});
    }
    if (request.method == "GET" && request.path == openid_path) co_return json_response(openid_configuration());
    if (auto refusal = co_await body.receive()) co_return std::move(*refusal);
    net::Response response = AcsFiles::is_meant(request) ? give(request) : answer(request);
    if (options_.delay > milliseconds{0}) co_await pause(options_.delay);
    co_return response;
  }

  asio::awaitable<net::Upgrade> upgrade(net::Request& /*request*/) override {
    net::Upgrade refused;
    refused.refusal = json_response(acs_refusal(404, "NotFound", "No such resource."));
    co_return refused;
  }

  std::string token(std::chrono::seconds life) const {
    const auto now = to_millis(clock_.wall()) / 1'000;
    auth::Claims claims;
    claims.issuer = options_.issuer;
    claims.audience = {options_.resource_id};
    claims.not_before = now - 3'600;
    claims.expires = now + life.count();
    return key_.sign(claims);
  }

  std::string endpoint() const { return "http://" + options_.host + ":" + std::to_string(server_.port()); }
  const AcsServiceOptions& options() const { return options_; }
  AcsCalls& calls() { return calls_; }
  AcsFiles& kept() { return kept_; }
  net::Worker& worker() { return workers_.at(0); }
  std::uint16_t port() const { return server_.port(); }

 private:
  struct Answered {
    std::string request;  // hash of what was asked
    AcsReply reply;
  };

  Result<> is_signed(const net::Request& request, std::string_view target, std::string_view host) const {
    const acs::Signable signable{request.method, target, host, request.body};
    const acs::SignatureHeaders headers{std::string(request.header("x-ms-date")),
                                        std::string(request.header("x-ms-content-sha256")),
                                        std::string(request.header("Authorization"))};
    return acs::verify(options_.access_key, signable, headers, clock_.wall());
  }

  // The storage is another host, and takes what is signed for the path at the resource's own, which is named beside.
  net::Response give(const net::Request& request) {
    const std::string_view resource = request.header("x-ms-host");
    auto good = is_signed(request, request.path, resource);
    if (good && "http://" + std::string(resource) != endpoint()) {
      good = make_error("signature_wrong", "x-ms-host names another resource");
    }
    return good ? kept_.answer(request) : json_response(denied(good.error()));
  }

  net::Response answer(const net::Request& request) {
    const auto good = is_signed(request, request.target, request.header("Host"));
    if (!good) return json_response(denied(good.error()));
    if (is_throttled(request)) {
      net::Response response = json_response(acs_refusal(429, "8529", "Too many requests."));
      response.set("Retry-After", "1");
      return response;
    }
    return once(request);
  }

  // OASIS Repeatable Requests 1.0: what was done is not done again, but answered again.
  net::Response once(const net::Request& request) {
    const AcsRequest asked{request.method, request.path, version_in(request.query), request.body};
    const std::string id(request.header("Repeatability-Request-ID"));
    if (id.empty()) return json_response(carry_out(calls_, asked));
    if (!is_guid(id) || !text::parse_rfc2822(request.header("Repeatability-First-Sent"))) {
      return repeatability(acs_refusal(400, "8523", "Invalid request: the repeatability headers are wrong."),
                           "rejected");
    }
    std::string hash = crypto::sha256(request.method + "\n" + request.target + "\n" + request.body);
    if (const Answered* known = answered_.find(id)) {
      if (known->request == hash) return repeatability(known->reply, "accepted");
      return repeatability(acs_refusal(400, "8523", "Invalid request: the id was used for another one."), "rejected");
    }
    AcsReply reply = carry_out(calls_, asked);
    answered_.put(id, {std::move(hash), reply});
    return repeatability(std::move(reply), "accepted");
  }

  static net::Response repeatability(AcsReply reply, const char* result) {
    net::Response response = json_response(std::move(reply));
    response.set("Repeatability-Result", result);
    return response;
  }

  // Only answers are: it is the request that has no time to spare.
  bool is_throttled(const net::Request& request) {
    if (request.path != "/calling/callConnections:answer") return false;
    const json body = json::parse(request.body, nullptr, false);
    const auto call = body.is_object() ? calls_.ringing(AcsFields(body).text("incomingCallContext")) : nullptr;
    if (call == nullptr || call->throttled == 0) return false;
    --call->throttled;
    return true;
  }

  AcsReply openid_configuration() const {
    return acs_reply(200, {{"issuer", options_.issuer},
                           {"jwks_uri", endpoint() + std::string(keys_path)},
                           {"id_token_signing_alg_values_supported", json::array({"RS256"})}});
  }

  const AcsServiceOptions options_;
  const Clock& clock_;
  const auth::SigningKey key_;
  AcsCalls calls_;
  AcsFiles kept_;
  Lru<Answered> answered_;
  net::Workers workers_{1};
  ThreadPool files_;
  net::Server server_;
  bool stopped_ = false;
};

AcsService::AcsService(AcsServiceOptions options, Ids& ids, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), ids, clock)) {}

AcsService::~AcsService() {
  stop();
}

Result<> AcsService::start() {
  return impl_->start();
}

void AcsService::stop() {
  impl_->stop();
}

std::uint16_t AcsService::port() const {
  return impl_->port();
}

std::string AcsService::endpoint() const {
  return impl_->endpoint();
}

std::string AcsService::connection_string() const {
  return "endpoint=" + endpoint() + "/;accesskey=" + base64::encode(impl_->options().access_key);
}

std::string AcsService::jwks_url() const {
  return endpoint() + std::string(keys_path);
}

const std::string& AcsService::resource_id() const {
  return impl_->options().resource_id;
}

net::Worker& AcsService::worker() {
  return impl_->worker();
}

std::shared_ptr<AcsCall> AcsService::ring(acs::Identifier from, acs::Identifier to) {
  return impl_->calls().ring(std::move(from), std::move(to));
}

void AcsService::hang_up(AcsCall& call) {
  json result = acs_result(200, 7000, "The conversation has ended.");
  result["sipDetails"] = {{"code", 200}, {"message", "OK"}};
  result["q850Details"] = {{"code", 16}, {"message", "Normal call clearing"}};
  impl_->calls().end(call, AcsCall::Stage::over, result);
}

void AcsService::press(AcsCall& call, char key) {
  if (!call.hears_tones || acs_tone_name(key).empty()) return;
  impl_->calls().tell(call, "ContinuousDtmfRecognitionToneReceived",
                      {{"sequenceId", ++call.tones}, {"tone", acs_tone_name(key)}});
}

void AcsService::tell(AcsCall& call, std::string_view name, std::string_view more) {
  json members = json::parse(more, nullptr, false);
  if (members.is_object()) impl_->calls().tell(call, name, std::move(members));
}

Result<std::shared_ptr<AcsFile>> AcsService::keep(std::filesystem::path file) {
  return impl_->kept().keep("0-sim-d1-" + impl_->calls().guid(), std::move(file));
}

std::string AcsService::token(std::chrono::seconds life) const {
  return impl_->token(life);
}

void AcsService::on_outbound(std::function<void(std::shared_ptr<AcsCall>)> take) {
  impl_->calls().take_outbound() = std::move(take);
}

}  // namespace trunkline::sim

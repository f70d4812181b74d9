#include "cli/checks.hpp"

#include <trunkline/auth/authenticator.hpp>
#include <trunkline/net/server.hpp>

#include <filesystem>
#include <system_error>

namespace trunkline::cli {
namespace {

/// Serves nothing: a listener that is only tried out.
class Nobody final : public net::HttpService {
 public:
  boost::asio::awaitable<net::Response> serve(net::Request& /*request*/, net::IncomingBody& /*body*/) override {
    co_return net::Response{};
  }
  boost::asio::awaitable<net::Upgrade> upgrade(net::Request& /*request*/) override {
    co_return net::Upgrade{nullptr, net::Response{}};
  }
};

/// The gateway's own listener, whose workers never run.
struct Trial {
  explicit Trial(const config::Server& settings) : server(workers, nobody, settings, *ids, files) {}

  Nobody nobody;
  std::unique_ptr<Ids> ids = make_ids(system_clock());
  net::Workers workers{1};
  ThreadPool files{"files", 1, 1};
  net::Server server;
};

Check needed(std::string name, const Result<>& result, std::string finding) {
  if (result) return {std::move(name), Verdict::ok, std::move(finding)};
  return {std::move(name), Verdict::wrong, result.error().message};
}

Check check_folder(const std::string& name, const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const auto probe = folder / ".doctor";
  const bool made = !error && std::filesystem::create_directory(probe, error);
  if (made) std::filesystem::remove(probe, error);
  const std::string path = folder.string();
  return {name + " is writable", made ? Verdict::ok : Verdict::wrong, made ? path : path + ": " + error.message()};
}

Check check_address(config::Server settings) {
  settings.tls_certificate.clear();  // has a check of its own
  const std::string address = settings.host + " port " + std::to_string(settings.port);
  return needed("HOST and PORT are free", Trial(settings).server.listen(), address);
}

Check check_tls(const config::Server& settings) {
  if (settings.tls_certificate.empty()) return {"TLS", Verdict::ok, "off: TLS_CERT_FILE is not set"};
  return needed("TLS_CERT_FILE and TLS_KEY_FILE fit", Trial(settings).server.reload_tls(),
                settings.tls_certificate.string());
}

// Empty: nothing is configured.
std::string key_source(const config::Security& security) {
  if (!security.jwt_jwks.empty()) return "JWT_JWKS_FILE " + security.jwt_jwks.string();
  if (!security.jwt_public_key.empty()) return "JWT_PUBLIC_KEY_FILE " + security.jwt_public_key.string();
  return security.jwt_secret.empty() ? "" : "JWT_SECRET";
}

Check check_keys(const config::Settings& settings) {
  const std::string name = "tokens can be checked";
  std::string source = key_source(settings.security);
  if (source.empty()) {
    const auto kept = settings.data_dir / "jwt_secret";
    if (!std::filesystem::exists(kept)) return {name, Verdict::ok, "the first start makes a secret in DATA_DIR"};
    source = kept.string();
  }
  const auto ids = make_ids(system_clock());
  const auto keys = auth::make_authenticator(settings.security, settings.data_dir, *ids, system_clock());
  return {name, keys ? Verdict::ok : Verdict::wrong, keys ? source : source + ": " + keys.error().message};
}

Check check_speech_model(const config::Settings& settings) {
  const auto model = settings.speech.model_dir / "en-us" / "mdef";
  const bool there = std::filesystem::exists(model);
  return {"the embedded speech model is installed", there ? Verdict::ok : Verdict::limited,
          there ? settings.speech.model_dir.string()
                : model.string() + " is missing; install pocketsphinx-en-us or set SPEECH_MODEL_DIR"};
}

Check check_twilio(const config::Settings& settings) {
  if (settings.twilio.auth_tokens.empty())
    return {"Twilio is configured", Verdict::limited, "TWILIO_AUTH_TOKEN is not set: its webhooks are refused"};
  const bool secure = settings.server.public_url.starts_with("https://");
  return {"Twilio is configured", secure ? Verdict::ok : Verdict::limited,
          secure ? settings.server.public_url : "PUBLIC_URL is not https: Twilio opens media sockets over wss only"};
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::limited:
      return "limited";
    case Verdict::wrong:
      return "wrong";
  }
  return "";
}

std::vector<Check> run_checks(const config::Settings& settings) {
  const auto recordings = settings.recording.dir.empty() ? settings.data_dir / "recordings" : settings.recording.dir;
  return {check_folder("DATA_DIR", settings.data_dir),
          check_folder("RECORDING_DIR", recordings),
          check_address(settings.server),
          check_tls(settings.server),
          check_keys(settings),
          check_speech_model(settings),
          check_twilio(settings)};
}

}  // namespace trunkline::cli

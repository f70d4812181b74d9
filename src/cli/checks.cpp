#include "cli/checks.hpp"

#include <trunkline/adapters/embedded_transcriber.hpp>
#include <trunkline/app/database.hpp>
#include <trunkline/app/live_state.hpp>
#include <trunkline/auth/authenticator.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/net/server.hpp>
#include <trunkline/store/postgres.hpp>
#include <trunkline/store/redis.hpp>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <span>
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
  const auto probe = folder / (".probe." + make_ids(system_clock())->secret(8));  // others may be looking as well
  const bool made = !error && std::filesystem::create_directory(probe, error);
  if (made) std::filesystem::remove(probe, error);
  const std::string path = folder.string();
  if (made) return {name + " is writable", Verdict::ok, path};
  return {name + " is writable", Verdict::wrong, name + " " + path + ": " + error.message()};
}

Check check_data_dir(const config::Settings& settings) {
  return check_folder("DATA_DIR", settings.data_dir);
}

Check check_recording_dir(const config::Settings& settings) {
  return check_folder("RECORDING_DIR", settings.recording.dir);
}

Check check_address(const config::Settings& given) {
  config::Server settings = given.server;
  settings.tls_certificate.clear();  // has a check of its own
  const std::string address = settings.host + " port " + std::to_string(settings.port);
  return needed("HOST and PORT are free", Trial(settings).server.listen(), address);
}

Check check_tls(const config::Settings& given) {
  const config::Server& settings = given.server;
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
    std::error_code unreachable;
    if (!std::filesystem::exists(kept, unreachable)) {
      return {name, Verdict::ok, "the first start makes a secret in DATA_DIR"};
    }
    source = "DATA_DIR " + kept.string();
  }
  const auto ids = make_ids(system_clock());
  const auto keys = auth::make_authenticator(settings.security, settings.data_dir, *ids, system_clock());
  return {name, keys ? Verdict::ok : Verdict::wrong, keys ? source : source + ": " + keys.error().message};
}

// As the session chooses that will come.
bool uses_embedded(const config::Route& route, const config::Deepgram& deepgram) {
  const bool chosen = route.engine == "embedded" || (route.engine.empty() && deepgram.api_key.empty());
  return chosen && route.transcribe && route.reject.empty();
}

// Each phrase by itself, or else why they cannot be listened for together.
std::vector<std::string> refused_phrases(const config::Route& route, const adapters::PhraseCheck& check) {
  const auto all = check(route.phrases);
  if (all) return {};
  std::vector<std::string> refused;
  for (const std::string& phrase : route.phrases) {
    const auto alone = check({&phrase, 1});
    if (!alone) refused.push_back("'" + phrase + "': " + alone.error().message);
  }
  if (refused.empty()) refused.push_back(all.error().message);
  return refused;
}

// Such a route's calls would all go untranscribed.
std::vector<Check> check_routes(const config::Settings& settings) {
  const std::string name = "the embedded engine can serve the routes";
  const auto uses = [&](const config::Route& route) { return uses_embedded(route, settings.deepgram); };
  if (std::ranges::none_of(settings.routes, uses)) return {{name, Verdict::ok, "none uses it"}};
  const auto check = adapters::make_phrase_check(settings.speech.model_dir);
  std::vector<Check> found;
  for (std::size_t i = 0; i < settings.routes.size(); ++i) {
    const config::Route& route = settings.routes[i];
    if (!uses(route)) continue;
    const std::string place = "routes[" + std::to_string(i) + "].";
    const std::string in_route = " in route '" + route.name + "': ";
    const auto refuse = [&](std::string_view key, std::string_view why) {
      found.push_back({name, Verdict::wrong, std::string(place).append(key).append(in_route).append(why)});
    };
    if (auto spoken = adapters::check_embedded_language(route.language); !spoken)
      refuse("language", spoken.error().message);
    if (!check) continue;  // the model has a check of its own
    for (const std::string& why : refused_phrases(route, *check)) refuse("phrases", why);
  }
  if (found.empty()) found.push_back({name, Verdict::ok, "each that uses it"});
  return found;
}

Check check_database(const config::Settings& settings) {
  const std::string name = "the database can be used";
  if (settings.database.url.empty()) {
    return {name, Verdict::ok, "SQLite, " + (settings.data_dir / "trunkline.db").string()};
  }
  const auto found = store::try_postgres(app::postgres_options(settings.database));
  return needed(name, found ? Result<>() : found.error(), found ? *found : "");
}

Check check_redis_settings(const config::Settings& settings) {
  const std::string name = "Redis is named rightly";
  if (!settings.redis.used()) return {name, Verdict::ok, "not used: what is live is kept in process"};
  const auto options = app::redis_options(settings.redis);
  return needed(name, options ? Result<>() : options.error(), "by REDIS_*");
}

Check check_redis(const config::Settings& settings) {
  const std::string name = "Redis can be used";
  if (!settings.redis.used()) return {name, Verdict::ok, "not used"};
  const auto options = app::redis_options(settings.redis);
  if (!options) return {name, Verdict::limited, "not tried: its settings are wrong"};
  const auto found = store::try_redis(*options);
  if (found) return {name, Verdict::ok, *found};
  // Calls go on without it, and it may come back; what does not mend itself is wrong.
  return {name, found.error().code == "live_refused" ? Verdict::wrong : Verdict::limited, found.error().message};
}

Check check_speech_model(const config::Settings& settings) {
  const auto model = settings.speech.model_dir / "en-us" / "mdef";
  std::error_code unreachable;
  const bool there = std::filesystem::exists(model, unreachable);
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

Check check_acs(const config::Settings& settings) {
  constexpr auto name = "Azure Communication Services is configured";
  if (!settings.acs.used()) return {name, Verdict::ok, "not used"};
  const bool secure = settings.server.public_url.starts_with("https://");
  return {name, secure ? Verdict::ok : Verdict::limited,
          secure ? settings.server.public_url
                 : "PUBLIC_URL is not https: Azure calls back and opens sockets over TLS only"};
}

/// One look, and the variables that it depends on, separated by blanks: a refused one stands at its default, about
/// which nobody asked.
struct Look {
  std::string_view needs;
  std::vector<Check> (*look)(const config::Settings& settings);
};

template <Check (*check)(const config::Settings& settings)>
std::vector<Check> one(const config::Settings& settings) {
  return {check(settings)};
}

// What they find wrong begins with the variable, or the place in the file, that must be changed.
constexpr Look before_start[] = {
    {"DATA_DIR", one<check_data_dir>},
    {"TLS_CERT_FILE TLS_KEY_FILE", one<check_tls>},
    {"DATA_DIR JWT_SECRET JWT_PUBLIC_KEY_FILE JWT_JWKS_FILE", one<check_keys>},
    {"SPEECH_MODEL_DIR DEEPGRAM_API_KEY", check_routes},
    {"REDIS_URL REDIS_SENTINELS", one<check_redis_settings>},
};

// What may be mended, or change, while the gateway runs or without touching its configuration.
constexpr Look besides[] = {
    {"DATA_DIR RECORDING_DIR", one<check_recording_dir>},
    {"DATA_DIR DATABASE_URL", one<check_database>},
    {"REDIS_URL REDIS_SENTINELS REDIS_SENTINEL_MASTER REDIS_SENTINEL_PASSWORD REDIS_CA_FILE", one<check_redis>},
    {"HOST PORT", one<check_address>},
    {"SPEECH_MODEL_DIR", one<check_speech_model>},
    {"TWILIO_AUTH_TOKEN PUBLIC_URL", one<check_twilio>},
    {"AZURE_COMMUNICATION_CONNECTION_STRING AZURE_COMMUNICATION_ENDPOINT PUBLIC_URL", one<check_acs>},
};

std::vector<Check> run(std::span<const Look> looks, const config::Loaded& loaded) {
  std::vector<Check> checks;
  for (const auto& [needs, look] : looks) {
    const auto names = text::split(needs, ' ');
    if (std::ranges::any_of(names, [&](std::string_view name) { return loaded.refused.contains(name); })) continue;
    std::ranges::move(look(loaded.settings), std::back_inserter(checks));
  }
  return checks;
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

std::vector<Check> run_checks(const config::Loaded& loaded) {
  auto checks = run(before_start, loaded);
  std::ranges::move(run(besides, loaded), std::back_inserter(checks));
  return checks;
}

std::vector<config::Problem> find_problems(const config::Loaded& loaded) {
  std::vector<config::Problem> problems;
  for (const auto& [name, verdict, finding] : run(before_start, loaded)) {
    const auto end = finding.find(' ');
    if (verdict == Verdict::wrong) problems.push_back({finding.substr(0, end), finding.substr(end + 1), ""});
  }
  return problems;
}

}  // namespace trunkline::cli

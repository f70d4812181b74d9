// The small commands: doctor, migrate, token, version.

#include "cli/commands.hpp"

#include <trunkline/app/app.hpp>
#include <trunkline/auth/authenticator.hpp>
#include <trunkline/auth/jwt.hpp>
#include <trunkline/store/migrations.hpp>
#include <trunkline/store/sqlite.hpp>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <iomanip>
#include <iostream>
#include <system_error>

namespace trunkline::cli {
namespace {

using nlohmann::ordered_json;

/// One thing that doctor looked at.
struct Check {
  std::string name;
  bool good = false;
  std::string finding;
};

Check check_data_dir(const config::Settings& settings) {
  std::error_code error;
  std::filesystem::create_directories(settings.data_dir, error);
  const auto probe = settings.data_dir / ".doctor";
  const bool made = !error && std::filesystem::create_directory(probe, error);
  if (made) std::filesystem::remove(probe, error);
  return {"DATA_DIR is writable", made, made ? settings.data_dir.string() : error.message()};
}

Check check_speech_model(const config::Settings& settings) {
  const auto model = settings.speech.model_dir / "en-us" / "mdef";
  const bool there = std::filesystem::exists(model);
  return {"the embedded speech model is installed", there,
          there ? settings.speech.model_dir.string()
                : model.string() + " is missing; install pocketsphinx-en-us or set SPEECH_MODEL_DIR"};
}

Check check_twilio(const config::Settings& settings) {
  if (settings.twilio.auth_tokens.empty())
    return {"Twilio is configured", false, "TWILIO_AUTH_TOKEN is not set: its webhooks are refused"};
  const bool secure = settings.server.public_url.starts_with("https://");
  return {"Twilio is configured", secure,
          secure ? settings.server.public_url : "PUBLIC_URL is not https: Twilio opens media sockets over wss only"};
}

std::vector<Check> run_checks(const config::Settings& settings) {
  return {check_data_dir(settings), check_speech_model(settings), check_twilio(settings)};
}

int print_json(const config::Loaded& loaded, const std::vector<Check>& checks) {
  ordered_json out = {
      {"configuration", ordered_json::array()}, {"problems", ordered_json::array()}, {"checks", ordered_json::array()}};
  for (const auto& [name, value, source] : config::describe(loaded)) {
    out["configuration"].push_back({{"name", name}, {"value", value}, {"source", to_string(source)}});
  }
  for (const auto& [name, problem, example] : loaded.problems) {
    out["problems"].push_back({{"name", name}, {"problem", problem}, {"example", example}});
  }
  for (const auto& [name, good, finding] : checks)
    out["checks"].push_back({{"name", name}, {"ok", good}, {"finding", finding}});
  std::cout << out.dump(2) << '\n';
  return loaded.ok() ? ok : configuration;
}

}  // namespace

config::Loaded load_settings(const Common& common) {
  config::Inputs inputs = config::process_inputs();
  inputs.file = common.config_file;
  inputs.flags = common.flags;
  return config::load(inputs);
}

bool report_problems(const config::Loaded& loaded) {
  if (loaded.ok()) return false;
  std::cerr << "trunkline: the configuration has " << loaded.problems.size() << " problem(s):\n";
  for (const auto& [name, problem, example] : loaded.problems) {
    std::cerr << "  " << name << ": " << problem;
    if (!example.empty()) std::cerr << " (for example " << name << "=" << example << ")";
    std::cerr << '\n';
  }
  return true;
}

int doctor(const Common& common) {
  const config::Loaded loaded = load_settings(common);
  const auto checks = loaded.ok() ? run_checks(loaded.settings) : std::vector<Check>{};
  if (common.json) return print_json(loaded, checks);
  for (const auto& [name, value, source] : config::describe(loaded)) {
    std::cout << std::left << std::setw(32) << name << std::setw(40) << value << to_string(source) << '\n';
  }
  std::cout << '\n';
  if (report_problems(loaded)) return configuration;
  for (const auto& [name, good, finding] : checks) {
    std::cout << (good ? "ok    " : "check ") << name << ": " << finding << '\n';
  }
  return ok;
}

int migrate(const Common& common) {
  const config::Loaded loaded = load_settings(common);
  if (report_problems(loaded)) return configuration;
  auto database = store::open_sqlite({.path = loaded.settings.data_dir / "trunkline.db"});
  const auto report = database ? store::migrate(**database, store::sqlite_migrations())
                               : Result<store::MigrationReport>(database.error());
  if (!report) {
    std::cerr << "trunkline: " << report.error().message << '\n';
    return failed;
  }
  if (common.json) {
    std::cout << ordered_json{{"version", report->version}, {"applied", report->applied}}.dump() << '\n';
    return ok;
  }
  for (const auto& name : report->applied) std::cout << "applied " << name << '\n';
  std::cout << "the schema is at version " << report->version << '\n';
  return ok;
}

int print_token(const Common& common, const TokenOptions& options) {
  const config::Loaded loaded = load_settings(common);
  if (report_problems(loaded)) return configuration;
  const config::Security& security = loaded.settings.security;
  const auto ids = make_ids(system_clock());
  const auto secret = auth::signing_secret(security, loaded.settings.data_dir, *ids);
  if (!secret) {
    std::cerr << "trunkline: " << secret.error().message << '\n';
    return secret.error().code == "no_signing_key" ? configuration : failed;
  }
  const auth::Grant grant{options.subject, {options.role}, options.ttl, {security.jwt_issuer, security.jwt_audience}};
  const std::string token = auth::issue_token(*secret, grant, system_clock());
  if (common.json) {
    std::cout << ordered_json{{"token", token}, {"role", options.role}, {"expiresIn", options.ttl.count()}}.dump()
              << '\n';
  } else {
    std::cout << token << '\n';
  }
  return ok;
}

int print_version(const Common& common) {
  if (common.json) {
    std::cout << ordered_json{{"version", app::version}}.dump() << '\n';
  } else {
    std::cout << "trunkline " << app::version << '\n';
  }
  return ok;
}

}  // namespace trunkline::cli

// The small commands: doctor, migrate, token, version.

#include "cli/checks.hpp"
#include "cli/commands.hpp"

#include <trunkline/app/app.hpp>
#include <trunkline/app/database.hpp>
#include <trunkline/auth/authenticator.hpp>
#include <trunkline/auth/jwt.hpp>
#include <trunkline/store/migrations.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iomanip>
#include <iostream>

namespace trunkline::cli {
namespace {

using nlohmann::ordered_json;

// And not a place in the file, where values are written in another way.
bool is_variable(std::string_view name) {
  return std::none_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

int code_of(const std::vector<Check>& checks) {
  const bool wrong =
      std::any_of(checks.begin(), checks.end(), [](const Check& check) { return check.verdict == Verdict::wrong; });
  return wrong ? failed : ok;
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
  for (const auto& [name, verdict, finding] : checks) {
    out["checks"].push_back({{"name", name}, {"verdict", to_string(verdict)}, {"finding", finding}});
  }
  std::cout << out.dump(2) << '\n';
  return loaded.ok() ? code_of(checks) : configuration;
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
    if (!example.empty()) std::cerr << " (for example " << (is_variable(name) ? name + "=" : "") << example << ")";
    std::cerr << '\n';
  }
  return true;
}

std::string explain(const Error& error) {
  return error.detail.empty() ? error.message : error.message + ": " + error.detail;
}

int doctor(const Common& common) {
  const config::Loaded loaded = load_settings(common);
  const auto checks = run_checks(loaded);
  if (common.json) return print_json(loaded, checks);
  for (const auto& [name, value, source] : config::describe(loaded)) {
    std::cout << std::left << std::setw(39) << name << ' ' << std::setw(40) << value << ' ' << to_string(source)
              << '\n';
  }
  std::cout << '\n';
  for (const auto& [name, verdict, finding] : checks) {
    std::cout << std::left << std::setw(8) << to_string(verdict) << name << ": " << finding << '\n';
  }
  return report_problems(loaded) ? configuration : code_of(checks);
}

int migrate(const Common& common) {
  const config::Loaded loaded = load_settings(common);
  if (report_problems(loaded)) return configuration;
  auto database = app::open_database(loaded.settings);
  const auto report = database ? store::migrate(**database, store::migrations_for(**database))
                               : Result<store::MigrationReport>(database.error());
  if (!report) {
    std::cerr << "trunkline: " << explain(report.error()) << '\n';
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
    std::cerr << "trunkline: " << explain(secret.error()) << '\n';
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

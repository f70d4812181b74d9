#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/config/load.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace trunkline::cli {

/// Exit codes, the same for every command.
enum ExitCode : int {
  ok = 0,
  failed = 1,         ///< the work could not be done
  usage = 2,          ///< the command line is wrong
  configuration = 3,  ///< the configuration is wrong; every problem was printed
};

/// What every command takes.
struct Common {
  std::filesystem::path config_file;
  std::map<std::string, std::string> flags;  ///< --set NAME=VALUE
  bool json = false;
};

/// Loads the configuration, or prints all that is wrong with it.
config::Loaded load_settings(const Common& common);
bool report_problems(const config::Loaded& loaded);

/// A failure on one line for the one who typed the command: with its detail, such as the path.
std::string explain(const Error& error);

struct ServeOptions {
  bool demo = false;
  bool demo_once = false;  ///< leave when the demonstration is over
};
int serve(const Common& common, const ServeOptions& options);

struct SimOptions {
  std::string provider = "twilio";
  std::string target;
  std::string token;  ///< the auth token to sign with; empty: TWILIO_AUTH_TOKEN
  std::filesystem::path wav;
  std::filesystem::path keep;  ///< where to put what the caller heard; later calls get a number
  std::size_t count = 1;
  double rate = 1;  ///< calls a second
  bool no_media = false;
  std::string fault = "none";  ///< or several with commas between, which are dealt to the calls in turn
  std::uint64_t seed = 1;      ///< of the first call's dice
  std::string from = "+14155550123";
  std::string to = "+14155550199";
  std::vector<std::filesystem::path> speakers;  ///< ACS: what others in the call say
  std::string keys;                             ///< ACS: what the caller presses
  bool handshake = false;                       ///< ACS: validate the subscription first
  bool cloud_events = false;                    ///< ACS: CloudEvents 1.0 from Event Grid
  std::filesystem::path recording;              ///< ACS: what the service recorded; empty: nothing
  std::string recording_fault = "none";         ///< ACS: of its storage
};
int sim_call(const Common& common, const SimOptions& options);
/// `port` 0: that of the settings, or any.
int sim_acs_service(const Common& common, const SimOptions& options, std::uint16_t port);

int doctor(const Common& common);
int migrate(const Common& common);
int verify(const Common& common);  ///< failed: something differs, or could not be looked at
int print_version(const Common& common);

struct TokenOptions {
  std::string role = "viewer";
  std::string subject = "cli";
  std::chrono::seconds ttl{3600};
};
int print_token(const Common& common, const TokenOptions& options);

struct BenchOptions {
  std::chrono::milliseconds time{500};  ///< for each measurement
};
int bench(const Common& common, const BenchOptions& options);

}  // namespace trunkline::cli

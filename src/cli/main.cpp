#include "cli/commands.hpp"

#include <trunkline/app/app.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/config/url.hpp>
#include <trunkline/sim/call.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <exception>
#include <iostream>
#include <string>

namespace trunkline::cli {
namespace {

// Each adds one command to `app`, and its exit code goes to `code`. What the options point to lives as long as the
// process, because CLI11 writes to it while it parses.

void add_serve(CLI::App& app, const Common& common, int& code) {
  static ServeOptions options;
  auto* serve_command = app.add_subcommand("serve", "Run the gateway until SIGTERM or Ctrl-C");
  auto* demo = serve_command->add_flag("--demo", options.demo,
                                       "Also place one simulated call of each provider and show what happens to it");
  serve_command->add_flag("--demo-once", options.demo_once, "With --demo: stop when the calls are over")->needs(demo);
  serve_command->footer(
      "Examples:\n  trunkline serve\n  PORT=9000 DATA_DIR=/var/lib/trunkline trunkline serve\n"
      "  trunkline serve --config trunkline.yaml --set LOG_LEVEL=debug");
  serve_command->callback([&] { code = serve(common, options); });
}

std::string as_target(std::string& text) {
  auto url = config::parse_base_url(text, "http https");
  if (!url) return url.error().message;
  text = std::move(*url);
  return "";
}

std::string unknown_fault(const std::string& text) {
  for (const auto name : text::split(text, ',')) {
    if (!sim::parse_fault(name)) return "unknown fault " + std::string(name);
  }
  return "";
}

std::string foreign_fault(const SimOptions& options) {
  for (const auto name : text::split(options.fault, ',')) {
    if (options.provider != "acs" && sim::is_of_acs(*sim::parse_fault(name))) return std::string(name) + " is of acs";
  }
  return "";
}

std::string unknown_key(const std::string& text) {
  const bool known = text.find_first_not_of("0123456789*#ABCD") == std::string::npos;
  return known ? "" : "keys are 0 to 9, *, # and A to D";
}

void add_recording_options(CLI::App& command, SimOptions& options, const std::string& whose) {
  command
      .add_option("--server-recording", options.recording,
                  whose + "a WAV, MP3 or MP4 file that the service recorded, of which it tells at the end of a call")
      ->check(CLI::ExistingFile);
  command
      .add_option("--recording-fault", options.recording_fault,
                  whose + "how its storage answers at first: missing, throttled, or cut (off in the middle)")
      ->check(CLI::IsMember({"none", "missing", "throttled", "cut"}))
      ->capture_default_str();
}

void add_sim_call(CLI::App& sim, const Common& common, int& code) {
  static SimOptions options;
  auto* call = sim.add_subcommand("call", "Place simulated calls");
  call->add_option("--provider", options.provider, "Whose wire format")
      ->check(CLI::IsMember({"twilio", "acs"}))
      ->capture_default_str();
  call->add_option("--target", options.target, "The gateway's address; default http://127.0.0.1:PORT")
      ->transform(CLI::Validator(as_target, "URL"));
  call->add_option("--token", options.token, "Auth token to sign with; default TWILIO_AUTH_TOKEN");
  call->add_option("--wav", options.wav, "What the caller says; default a spoken menu")->check(CLI::ExistingFile);
  call->add_option("--keep", options.keep,
                   "Write what the caller heard to this WAV file; of the second call to NAME-2.wav, and so on");
  call->add_option("--count", options.count, "How many calls")->check(CLI::Range(1, 100'000))->capture_default_str();
  call->add_option("--rate", options.rate, "Calls a second")->check(CLI::Range(0.01, 10'000.0))->capture_default_str();
  call->add_option("--from", options.from, "The caller's number")->capture_default_str();
  call->add_option("--to", options.to, "The number that is called")->capture_default_str();
  call->add_flag("--no-media", options.no_media, "Webhooks only");
  call->add_option("--fault", options.fault,
                   "duplicate, reorder, drop, half-close, slow-reader or no-stop; of acs also expired-token or "
                   "throttled; several with commas between are dealt to the calls in turn")
      ->check(unknown_fault)
      ->capture_default_str();
  call->add_option("--seed", options.seed, "Of the fault's dice; the next call has the next")->capture_default_str();
  call->add_option("--speaker", options.speakers,
                   "acs: what another in the call says, on a track of its own if the gateway asks for unmixed audio; "
                   "may be repeated")
      ->check(CLI::ExistingFile)
      ->expected(1, 7);
  call->add_option("--keys", options.keys, "acs: keys that the caller presses")->check(unknown_key);
  call->add_flag("--handshake", options.handshake, "acs: validate the Event Grid subscription first, in both ways");
  call->add_flag("--cloud-events", options.cloud_events, "acs: CloudEvents 1.0 from Event Grid");
  add_recording_options(*call, options, "acs: ");
  call->footer(
      "Examples:\n  trunkline sim call\n  trunkline sim call --count 20 --rate 5 --fault reorder\n"
      "  trunkline sim call --target https://gw.example.com --wav hello.wav --keep heard.wav\n"
      "  trunkline sim call --provider acs --handshake");
  call->callback([&] {
    if (const auto wrong = foreign_fault(options); !wrong.empty()) throw CLI::ValidationError("--fault", wrong);
    code = sim_call(common, options);
  });
}

void add_acs_service(CLI::App& sim, const Common& common, int& code) {
  static SimOptions options;
  static std::uint16_t port = 0;
  auto* service = sim.add_subcommand(
      "acs-service", "Play Azure Call Automation until SIGTERM or Ctrl-C, and print what the gateway must know of it");
  service->add_option("--port", port, "Where to listen; default that of AZURE_COMMUNICATION_CONNECTION_STRING, or any");
  service->add_option("--target", options.target, "The gateway's address; default as the gateway says")
      ->transform(CLI::Validator(as_target, "URL"));
  service->add_option("--wav", options.wav, "What those say who are called; default a spoken menu")
      ->check(CLI::ExistingFile);
  add_recording_options(*service, options, "with --target: ");
  service->footer("Example:\n  trunkline sim acs-service --port 4000");
  service->callback([&] {
    if (!options.recording.empty() && options.target.empty())
      throw CLI::ValidationError("--server-recording", "events of Event Grid need --target");
    code = sim_acs_service(common, options, port);
  });
}

void add_sim(CLI::App& app, const Common& common, int& code) {
  auto* sim = app.add_subcommand("sim", "Play a provider, to try a gateway without an account");
  sim->require_subcommand(1);
  add_sim_call(*sim, common, code);
  add_acs_service(*sim, common, code);
}

void add_token(CLI::App& app, const Common& common, int& code) {
  static TokenOptions options;
  static std::int64_t ttl_seconds = options.ttl.count();
  auto* token = app.add_subcommand("token", "Print a token for the API");
  token->add_option("--role", options.role, "viewer, operator or admin")
      ->check(CLI::IsMember({"viewer", "operator", "admin"}))
      ->capture_default_str();
  token->add_option("--subject", options.subject, "Who it is for")->capture_default_str();
  token->add_option("--ttl", ttl_seconds, "Seconds until it expires")
      ->check(CLI::Range(1, 366 * 86'400))
      ->capture_default_str();
  token->footer(
      "Example:\n  curl -H \"Authorization: Bearer $(trunkline token --role admin)\" "
      "http://127.0.0.1:8080/api/v1/calls");
  token->callback([&] {
    options.ttl = std::chrono::seconds{ttl_seconds};
    code = print_token(common, options);
  });
}

void add_plain_commands(CLI::App& app, const Common& common, int& code) {
  app.add_subcommand("doctor", "Show the effective configuration and check what can be checked")
      ->footer("Example:\n  trunkline doctor --json")
      ->callback([&] { code = doctor(common); });
  app.add_subcommand("migrate", "Bring the database's schema up to date and leave")
      ->footer("Example:\n  DATA_DIR=/var/lib/trunkline trunkline migrate")
      ->callback([&] { code = migrate(common); });
  app.add_subcommand("verify", "Compare the log of events with the calls that follow from it, and say what differs")
      ->footer("Example:\n  DATABASE_URL=postgresql://db.internal/trunkline trunkline verify --json")
      ->callback([&] { code = verify(common); });
  app.add_subcommand("bench", "Measure the media path in this process")
      ->footer("Example:\n  trunkline bench --json")
      ->callback([&] { code = bench(common, BenchOptions{}); });
  app.add_subcommand("version", "Print the version")->callback([&] { code = print_version(common); });
}

// CLI11 misses the command before it looks at the word that stands in its place; that word says more.
int refuse(const CLI::App& app, const CLI::ParseError& error) {
  auto unknown = app.remaining(true);
  std::ranges::reverse(unknown);  // as it was typed, after ExtrasError has turned it round
  const bool other_word = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr && !unknown.empty();
  const int code = other_word ? app.exit(CLI::ExtrasError(unknown)) : app.exit(error);
  return code == 0 ? ok : usage;
}

int run(int argc, char** argv) {
  CLI::App app{"Trunkline: a self-hosted call gateway", "trunkline"};
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(
      "Configuration comes from defaults, a YAML file, the environment and --set, in this order; see "
      "docs/configuration.md.");
  Common common;
  std::vector<std::string> sets;
  app.add_option("--config", common.config_file, "YAML file with configuration")->check(CLI::ExistingFile);
  app.add_option("--set", sets, "NAME=VALUE, over file and environment; may repeat")->take_all();
  app.add_flag("--json", common.json, "Output for programs");
  app.set_version_flag("--version", "trunkline " + std::string(app::version));
  app.parse_complete_callback([&] {
    for (const auto& text : sets) {
      const auto equals = text.find('=');
      if (equals == std::string::npos) throw CLI::ValidationError("--set", "'" + text + "' is not NAME=VALUE");
      common.flags[text.substr(0, equals)] = text.substr(equals + 1);
    }
  });
  int code = ok;
  add_serve(app, common, code);
  add_sim(app, common, code);
  add_token(app, common, code);
  add_plain_commands(app, common, code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return refuse(app, error);
  }
  return code;
}

}  // namespace
}  // namespace trunkline::cli

int main(int argc, char** argv) {
  try {
    return trunkline::cli::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "trunkline: " << error.what() << '\n';
    return trunkline::cli::failed;
  }
}

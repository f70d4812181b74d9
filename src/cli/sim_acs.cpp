#include "cli/sim_calls.hpp"

#include <trunkline/adapters/sample_call.hpp>
#include <trunkline/base/base64.hpp>
#include <trunkline/net/url.hpp>
#include <trunkline/providers/acs/connection_string.hpp>
#include <trunkline/providers/acs/repeatability.hpp>
#include <trunkline/sim/acs_call.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <array>
#include <csignal>
#include <iostream>
#include <utility>

namespace trunkline::cli {
namespace {

namespace asio = boost::asio;
namespace acs = providers::acs;

constexpr std::array<std::uint32_t, 3> rates = {8'000, 16'000, 24'000};
constexpr milliseconds first_key{1'000};
constexpr milliseconds between_keys{500};

int refuse(std::string_view problem) {
  std::cerr << "trunkline: " << problem << '\n';
  return configuration;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host.starts_with("127.");
}

/// What the gateway's settings say the service is; it listens where they say that it is reached.
struct Place {
  sim::AcsServiceOptions options;
  std::string problem;

  explicit Place(const config::Acs& settings) {
    const auto given = acs::parse_connection_string(settings.connection_string);
    if (!given) {
      problem =
          "set AZURE_COMMUNICATION_CONNECTION_STRING to what the gateway has; "
          "`trunkline sim acs-service` prints one to begin with";
      return;
    }
    const auto url = net::parse_url(given->endpoint.url + "/");
    if (!url || url->secure() || !is_loopback(url->host)) {
      problem =
          "the endpoint in AZURE_COMMUNICATION_CONNECTION_STRING must be http on a loopback address, such as "
          "http://127.0.0.1:4000/: the simulated service listens there";
      return;
    }
    const std::string keys = given->endpoint.url + "/calling/keys";
    if (settings.callback_jwks_url != keys) {
      problem = "AZURE_CALLBACK_JWKS_URL must be " + keys +
                ", here and for the gateway: the simulated service signs with keys of its own";
      return;
    }
    options.host = url->host == "localhost" ? "127.0.0.1" : url->host;
    options.port = url->port;
    options.access_key = given->access_key;
    options.resource_id = settings.resource_id;
    options.issuer = settings.callback_issuer;
  }
};

// When the default engine of Azure would have understood it.
std::vector<sim::AcsSegment> segments_of(const adapters::SampleCall& sample) {
  std::vector<sim::AcsSegment> out;
  for (const auto& line : sample.lines) {
    sim::AcsSegment one;
    one.at = milliseconds{line.end_ms};
    one.segment.text = line.text;
    one.segment.confidence = 0.9;
    one.segment.duration_ticks = (line.end_ms - line.start_ms) * 10'000;
    out.push_back(std::move(one));
  }
  return out;
}

std::string speaker_id(std::size_t number) {
  return "4:+1415555018" + std::to_string(number);
}

Result<sim::AcsCallPlan> plan_of(const SimOptions& options, const config::Settings& settings) {
  auto audio = caller_audio(options, rates);
  if (!audio) return audio.error();
  sim::AcsCallPlan plan;
  fill(plan, options, settings, std::move(*audio));
  if (options.wav.empty() && plan.media) {
    if (const auto sample = adapters::sample_call()) plan.segments = segments_of(*sample);
  }
  for (const auto& file : options.speakers) {
    const std::array<std::uint32_t, 1> rate = {plan.sample_rate};
    auto speaks = mono_audio(file, rate);
    if (!speaks) return speaks.error();
    plan.speakers.push_back({speaker_id(plan.speakers.size()), std::move(speaks->samples)});
  }
  plan.event_grid.secret_header = settings.acs.event_grid_secret_header;
  if (!settings.acs.event_grid_secrets.empty()) plan.event_grid.secret = settings.acs.event_grid_secrets.front();
  plan.event_grid.cloud_events = options.cloud_events;
  plan.event_grid.handshake = options.handshake;
  plan.recording = options.recording;
  plan.recording_fault = sim::parse_file_fault(options.recording_fault).value_or(sim::FileFault::none);
  milliseconds at = first_key;
  for (const char key : options.keys) {
    plan.keys.push_back({at, key});
    at += between_keys;
  }
  return plan;
}

Error not_listening(const Error& error, const sim::AcsServiceOptions& options) {
  if (error.code != "port_in_use") return error;
  return make_error(error.code, "something listens at " + options.host + ":" + std::to_string(options.port) +
                                    " already, where the simulated service belongs: another `trunkline sim`?");
}

}  // namespace

int sim_acs_calls(const SimOptions& options, const config::Settings& settings, bool as_json) {
  const Place place(settings.acs);
  if (!place.problem.empty()) return refuse(place.problem);
  if (settings.acs.event_grid_secrets.empty()) {
    return refuse("set AZURE_EVENT_GRID_DELIVERY_SECRET to what the gateway has, so that it believes the events");
  }
  const auto plan = plan_of(options, settings);
  if (!plan) {
    std::cerr << "trunkline: " << explain(plan.error()) << '\n';
    return failed;
  }
  const auto ids = make_ids(system_clock());
  sim::AcsService service(place.options, *ids, system_clock());
  if (const auto listening = service.start(); !listening) {
    std::cerr << "trunkline: " << explain(not_listening(listening.error(), place.options)) << '\n';
    return failed;
  }
  const PlaceCall one_call = [&](sim::Fault fault, std::uint64_t seed) {
    sim::AcsCallPlan one = *plan;
    one.fault = fault;
    one.seed = seed;
    return sim::place_acs_call(service, std::move(one), *ids, system_clock());
  };
  const int code = place_calls(service.worker(), one_call, options, as_json, "callConnectionId");
  service.stop();
  return code;
}

int sim_acs_service(const Common& common, const SimOptions& options, std::uint16_t port) {
  const config::Loaded loaded = load_settings(common);
  if (report_problems(loaded)) return configuration;
  const config::Settings& settings = loaded.settings;
  const auto ids = make_ids(system_clock());
  sim::AcsServiceOptions at;
  at.access_key = ids->secret(32);
  at.resource_id = acs::uuid_of(ids->secret(16));
  std::string delivery_secret = ids->secret(16);
  if (!settings.acs.connection_string.empty()) {
    Place place(settings.acs);
    if (!place.problem.empty()) return refuse(place.problem);
    at = std::move(place.options);
    if (!settings.acs.event_grid_secrets.empty()) delivery_secret = settings.acs.event_grid_secrets.front();
  }
  if (port != 0) at.port = port;
  auto plan = plan_of(options, settings);
  if (!plan) {
    std::cerr << "trunkline: " << explain(plan.error()) << '\n';
    return failed;
  }
  plan->target = options.target;  // or as the gateway says
  sim::AcsService service(at, *ids, system_clock());
  if (const auto listening = service.start(); !listening) {
    std::cerr << "trunkline: " << explain(not_listening(listening.error(), at)) << '\n';
    return failed;
  }
  asio::post(service.worker().context(), [&] {
    service.on_outbound([&](std::shared_ptr<sim::AcsCall> call) {
      call->on_change = [] {};  // its events wait for whoever takes it
      asio::co_spawn(service.worker().context(),
                     sim::take_acs_call(service, std::move(call), *plan, *ids, system_clock()), asio::detached);
    });
  });
  std::cout << "export AZURE_COMMUNICATION_CONNECTION_STRING='" << service.connection_string() << "'\n"
            << "export AZURE_COMMUNICATION_RESOURCE_ID=" << service.resource_id() << '\n'
            << "export AZURE_CALLBACK_JWKS_URL=" << service.jwks_url() << '\n'
            << "export AZURE_EVENT_GRID_DELIVERY_SECRET=" << delivery_secret << '\n'
            << std::flush;
  asio::io_context loop{1};
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([](boost::system::error_code, int) {});
  loop.run();
  service.stop();
  return ok;
}

}  // namespace trunkline::cli

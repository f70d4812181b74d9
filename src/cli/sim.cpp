#include "cli/sim_calls.hpp"

#include <trunkline/sim/twilio_call.hpp>

#include <array>
#include <iostream>
#include <utility>

namespace trunkline::cli {
namespace {

int sim_twilio_calls(const SimOptions& options, const config::Loaded& loaded, bool as_json) {
  const config::Settings& settings = loaded.settings;
  sim::TwilioCallPlan plan;
  if (loaded.sources.contains("PUBLIC_URL")) plan.public_url = settings.server.public_url;
  plan.auth_token = !options.token.empty()                ? options.token
                    : settings.twilio.auth_tokens.empty() ? ""
                                                          : settings.twilio.auth_tokens.front();
  if (plan.auth_token.empty()) {
    std::cerr
        << "trunkline: set TWILIO_AUTH_TOKEN or --token to what the gateway has, so that requests can be signed\n";
    return configuration;
  }
  plan.account_sid = settings.twilio.account_sid.empty() ? "AC" + std::string(32, '0') : settings.twilio.account_sid;
  constexpr std::array<std::uint32_t, 1> rates = {8'000};
  auto audio = caller_audio(options, rates);
  if (!audio) {
    std::cerr << "trunkline: " << explain(audio.error()) << '\n';
    return failed;
  }
  fill(plan, options, settings, std::move(*audio));
  const auto ids = make_ids(system_clock());
  net::Worker worker(0);
  worker.start();
  const PlaceCall place = [&](sim::Fault fault, std::uint64_t seed) {
    sim::TwilioCallPlan one = plan;
    one.fault = fault;
    one.seed = seed;
    return sim::place_twilio_call(worker, std::move(one), *ids, system_clock());
  };
  const int code = place_calls(worker, place, options, as_json, "callSid");
  worker.stop();
  return code;
}

}  // namespace

int sim_call(const Common& common, const SimOptions& options) {
  const config::Loaded loaded = load_settings(common);
  if (report_problems(loaded)) return configuration;
  return options.provider == "acs" ? sim_acs_calls(options, loaded.settings, common.json)
                                   : sim_twilio_calls(options, loaded, common.json);
}

}  // namespace trunkline::cli

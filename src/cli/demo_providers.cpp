#include "cli/demo.hpp"

#include <trunkline/providers/acs/repeatability.hpp>

#include <utility>

namespace trunkline::cli {

DemoProviders::DemoProviders(config::Settings& settings) : settings_(settings), ids_(make_ids(system_clock())) {
  config::Twilio& twilio = settings.twilio;
  if (twilio.auth_tokens.empty()) twilio.auth_tokens = {ids_->secret(16)};
  if (twilio.account_sid.empty()) twilio.account_sid = "AC" + ids_->secret(16);
  if (!settings.acs.used()) {
    sim::AcsServiceOptions options;
    options.access_key = ids_->secret(32);
    options.resource_id = providers::acs::uuid_of(ids_->secret(16));
    acs_ = std::make_unique<sim::AcsService>(std::move(options), *ids_, system_clock());
  }
  if (!settings.routes.empty()) return;
  config::Route menu;
  menu.name = "demo";
  menu.greeting = "Welcome to Trunkline. How can I help?";
  settings.routes.push_back(std::move(menu));
}

Result<> DemoProviders::start() {
  if (acs_ == nullptr) return {};
  if (auto started = acs_->start(); !started) return started;
  config::Acs& acs = settings_.acs;
  acs.connection_string = acs_->connection_string();
  acs.resource_id = acs_->resource_id();
  acs.callback_jwks_url = acs_->jwks_url();
  acs.callback_issuer = config::Acs{}.callback_issuer;
  if (acs.event_grid_secrets.empty()) acs.event_grid_secrets = {ids_->secret(16)};
  return {};
}

}  // namespace trunkline::cli

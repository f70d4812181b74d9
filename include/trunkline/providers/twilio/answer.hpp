#pragma once

#include <trunkline/config/settings.hpp>
#include <trunkline/providers/twilio/twiml.hpp>

#include <string>

namespace trunkline::providers::twilio {

/// What an inbound call is answered with.
struct AnswerPlan {
  std::string stream_url;              ///< `wss`, of this call's media socket
  std::string stream_name;             ///< unique per call
  std::string stream_status_callback;  ///< `https`
  std::string token;                   ///< one-time, travels as the stream's `token` parameter
  const config::Route& route;
};

/// The route as TwiML: a bidirectional stream in which everything is spoken; with `dial`, a listening stream beside the
/// call to that number, and the texts spoken by the provider; or a rejection.
twiml::Document answer(const AnswerPlan& plan);

/// For a call that cannot be taken now: the caller hears busy and nobody pays.
twiml::Document refusal();

}  // namespace trunkline::providers::twilio

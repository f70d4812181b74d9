#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/ids.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/net/worker.hpp>
#include <trunkline/sim/call.hpp>

#include <boost/asio/awaitable.hpp>

#include <string>

namespace trunkline::sim {

/// The audio has 8 kHz.
struct TwilioCallPlan : CallPlan {
  std::string public_url;  ///< the origin that is signed; empty: `target`
  std::string auth_token;
  std::string account_sid;
};

/// Plays Twilio for one call on `worker`: signed webhooks, the TwiML that comes back, the media socket in real time,
/// marks and clear as Twilio answers them, status callbacks. Ends by itself: what it waits for is bounded. Errors:
/// those of net::fetch, `refused` (the gateway did not take the call), `invalid_twiml`.
asio::awaitable<Result<CallReport>> place_twilio_call(net::Worker& worker, TwilioCallPlan plan, Ids& ids,
                                                      const Clock& clock);

}  // namespace trunkline::sim

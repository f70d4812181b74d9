#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/ids.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/net/worker.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::sim {

namespace asio = boost::asio;

/// How a simulated call misbehaves, as networks and carriers do.
enum class Fault : std::uint8_t {
  none,
  duplicate,    ///< webhooks and frames come twice
  reorder,      ///< frames change places, the end is reported before the beginning
  drop,         ///< frames and callbacks get lost, the closing ones aside
  half_close,   ///< the connection breaks in the middle, without a goodbye
  slow_reader,  ///< what we are sent is read late
  no_stop,      ///< the media socket falls silent and stays open; the status callback comes
};
std::optional<Fault> parse_fault(std::string_view text);
std::string_view to_string(Fault fault);

struct CallPlan {
  std::string target;      ///< where the gateway is: `http://127.0.0.1:8080`
  std::string public_url;  ///< the origin that is signed; empty: `target`
  std::string auth_token;
  std::string account_sid;
  std::string from = "+14155550123";
  std::string to = "+14155550199";
  std::vector<std::int16_t> audio;  ///< what the caller says, 8 kHz; then the call is hung up
  bool media = true;                ///< false: webhooks only
  Fault fault = Fault::none;
  std::uint64_t seed = 1;  ///< of the fault's dice
};

/// How it went, from the provider's point of view.
struct CallReport {
  std::string call_sid;
  std::string call_id;  ///< ours, as far as the answer showed it
  std::string twiml;    ///< the answer, as it came
  bool rejected = false;
  std::uint64_t frames_sent = 0;
  std::uint64_t frames_heard = 0;
  std::uint64_t marks = 0;
  std::uint64_t clears = 0;
  std::vector<std::int16_t> heard;  ///< what the gateway said, as played, 8 kHz
  std::string media_error;          ///< why the media socket failed, if it did
};

/// Plays Twilio for one call on `worker`: signed webhooks, the TwiML that comes back, the media socket in real time,
/// marks and clear as Twilio answers them, status callbacks. Ends by itself: what it waits for is bounded. Errors:
/// those of net::fetch, `refused` (the gateway did not take the call), `invalid_twiml`.
asio::awaitable<Result<CallReport>> place_twilio_call(net::Worker& worker, CallPlan plan, Ids& ids, const Clock& clock);

}  // namespace trunkline::sim

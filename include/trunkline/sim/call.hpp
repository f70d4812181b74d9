#pragma once

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Providers, played: what they send to a gateway and how they answer it, without an account.
namespace trunkline::sim {

namespace asio = boost::asio;

/// How a simulated call misbehaves, as networks and carriers do.
enum class Fault : std::uint8_t {
  none,
  duplicate,      ///< webhooks and frames come twice
  reorder,        ///< frames change places, the end is reported before the beginning
  drop,           ///< frames and callbacks get lost, the closing ones aside
  half_close,     ///< the connection breaks in the middle, without a goodbye
  slow_reader,    ///< what we are sent is read late
  no_stop,        ///< the media socket falls silent and stays open; the callback of the end comes
  expired_token,  ///< ACS: the first callbacks come with a token that has expired, and again with a good one
  throttled,      ///< ACS: the answer is refused once with 429
};
std::optional<Fault> parse_fault(std::string_view text);
std::string_view to_string(Fault fault);
/// Whether only ACS can misbehave like that.
bool is_of_acs(Fault fault);

/// What every provider's calls have.
struct CallPlan {
  std::string target;  ///< where the gateway is: `http://127.0.0.1:8080`
  std::string from = "+14155550123";
  std::string to = "+14155550199";
  std::vector<std::int16_t> audio;    ///< what the caller says; then the call is hung up
  std::uint32_t sample_rate = 8'000;  ///< of `audio`
  bool media = true;                  ///< false: webhooks only
  Fault fault = Fault::none;
  std::uint64_t seed = 1;  ///< of the fault's dice
};

/// How it went, from the provider's point of view.
struct CallReport {
  std::string provider_call_id;  ///< CallSid, callConnectionId
  std::string call_id;           ///< ours, as far as the answer showed it
  std::string answer;            ///< as it came: TwiML, or the body of the answer request
  bool rejected = false;
  std::uint64_t frames_sent = 0;
  std::uint64_t frames_heard = 0;
  std::uint64_t marks = 0;          ///< Twilio's
  std::uint64_t clears = 0;         ///< Twilio's clear, ACS's StopAudio
  std::vector<std::int16_t> heard;  ///< what the gateway said, as played
  std::uint32_t heard_rate = 8'000;
  std::string media_error;    ///< why the media socket failed, if it did
  std::string webhook_error;  ///< what the gateway answered to a callback, if that was wrong
};

}  // namespace trunkline::sim

#pragma once

#include "providers/acs/commands.hpp"
#include "providers/acs/persistence.hpp"

#include <trunkline/base/ids.hpp>
#include <trunkline/config/settings.hpp>
#include <trunkline/providers/acs/callback.hpp>
#include <trunkline/providers/acs/credential.hpp>
#include <trunkline/providers/acs/envelope.hpp>
#include <trunkline/providers/acs/file_status.hpp>
#include <trunkline/providers/acs/incoming_call.hpp>
#include <trunkline/providers/reception.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace trunkline::providers::acs {

/// What became of one event.
struct EventOutcome {
  std::string call_id;
  bool repeated = false;
};

/// What became of all events of one request.
struct BatchOutcome {
  std::string call_id;  ///< of the last that was about a call
  std::size_t repeated = 0;
  std::optional<WallTime> newest;                        ///< by the events' own times
  std::vector<std::pair<std::size_t, Error>> malformed;  ///< by their place; they never become better
  std::optional<Error> failed;                           ///< of one that is worth sending again
  std::size_t retries = 0;                               ///< of what failed at first
  std::size_t given_up = 0;                              ///< of those that failed for now to the end
};

/// Takes events of Event Grid and of Call Automation, whose sender is proven, and does what they ask for: a call that
/// rings is answered, or refused, before its event is acknowledged. So a node that dies in between is told again, and
/// asks again under the same name, which has an effect once. What fails for now is tried again here first: Call
/// Automation hardly repeats its callbacks. Any worker.
class Intake {
 public:
  struct Parts {
    const config::Acs& settings;
    const Services& services;
    const Reception& reception;
    CallAutomation& client;
    Commands& commands;
    Ids& ids;
    Wait wait;
  };
  explicit Intake(const Parts& parts) : parts_(parts) {}

  /// `own_id` is our call's, from the address of a callback; empty for others. What is about calls goes in order, one
  /// after the other; calls that ring do not wait for each other, some at once.
  asio::awaitable<BatchOutcome> take_all(const std::vector<Result<Envelope>>& envelopes, const std::string& own_id);

 private:
  using Outcome = Result<EventOutcome>;
  struct Ringing;

  asio::awaitable<Outcome> handle(const Envelope& envelope, const std::string& own_id, Persistence& persistence);
  asio::awaitable<Outcome> take(const Envelope& envelope, const std::string& own_id);
  asio::awaitable<void> answer_all(const std::vector<const Envelope*>& arrivals, BatchOutcome& outcome,
                                   Persistence& persistence);
  asio::awaitable<void> answer_some(Ringing& arrivals);

  asio::awaitable<Outcome> ring(const Envelope& envelope);
  bool comes_from_us(const IncomingCall& incoming) const;
  asio::awaitable<Outcome> answer(const IncomingCall& incoming, const calls::Call& call, const nlohmann::json& plan);
  asio::awaitable<Outcome> refuse(const IncomingCall& incoming, const calls::Call& call, std::string_view reason);
  asio::awaitable<Outcome> turn_away(const IncomingCall& incoming);
  asio::awaitable<Outcome> settle(const calls::Call& call, std::string_view key, nlohmann::json data);
  requests::Setup setup_for(const calls::Call& call, const nlohmann::json& plan) const;

  asio::awaitable<Outcome> call_back(Occurrence occurrence, const std::string& own_id);
  asio::awaitable<Outcome> keep(Unknown unknown, const std::string& own_id);
  asio::awaitable<Outcome> tell(const Occurrence& occurrence, std::string provider_call_id);
  asio::awaitable<Outcome> follow(const Occurrence& occurrence, const std::string& call_id);
  asio::awaitable<Outcome> dial(const calls::Call& call, const std::string& number, const std::string& caller_id);
  asio::awaitable<Outcome> files(const Envelope& envelope);
  asio::awaitable<Result<calls::Call>> call_of(const RecordingFiles& files) const;
  calls::StatusUpdate update_for(const RecordingFiles& files) const;
  asio::awaitable<Result<calls::Call>> known_call(const Occurrence& occurrence, const std::string& own_id) const;
  asio::awaitable<std::string> provider_name_of(const Occurrence& occurrence, const std::string& own_id) const;
  asio::awaitable<Result<calls::Call>> call_named(std::string kind, std::string name) const;

  Parts parts_;
};

}  // namespace trunkline::providers::acs

#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/ids.hpp>
#include <trunkline/providers/acs/envelope.hpp>

#include <string>
#include <string_view>

namespace trunkline::providers::acs {

/// An event that Azure has not sent, to see what would come of it.
struct Trial {
  Envelope envelope;
  std::string call_id;  ///< ours, as the address of a callback has it; empty: none
};

/// Reads `{"eventType":"CallConnected","data":{...},"id":"...","callId":"..."}`; the last two may be missing, and so
/// may `Microsoft.Communication.` before the type. Errors `invalid_json`, and `invalid_event`: names the field.
Result<Trial> read_trial(std::string_view body, WallTime now, Ids& ids);

}  // namespace trunkline::providers::acs

#pragma once

#include <trunkline/calls/call.hpp>

#include <string>

namespace trunkline::calls {

/// Makes the visible fields of a call from what its events have said (`merge`).
void derive(Call& call);

/// On whose word the call is over, as it is stored; empty while it goes on.
std::string ended_by(const Call& call);

/// The state of a call that is over, as it is stored; empty while it goes on.
std::string outcome(const Call& call);

}  // namespace trunkline::calls

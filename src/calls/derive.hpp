#pragma once

#include <trunkline/calls/call.hpp>

namespace trunkline::calls {

/// Makes the visible fields of a call from what its events have said (`merge`).
void derive(Call& call);

}  // namespace trunkline::calls

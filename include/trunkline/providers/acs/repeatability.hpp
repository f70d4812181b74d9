#pragma once

#include <string>
#include <string_view>

namespace trunkline::providers::acs {

/// A `Repeatability-Request-ID` (OASIS Repeatable Requests 1.0): always the same for one key, so that a command that is
/// taken up again after a restart is not carried out twice. A UUID of version 4 by its form (RFC 9562 section 5.4), the
/// only one that the service takes.
std::string uuid_of(std::string_view key);

}  // namespace trunkline::providers::acs

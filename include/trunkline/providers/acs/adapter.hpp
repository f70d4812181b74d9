#pragma once

#include <trunkline/base/ids.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/config/settings.hpp>
#include <trunkline/providers/acs/credential.hpp>
#include <trunkline/providers/adapter.hpp>
#include <trunkline/providers/reception.hpp>

#include <memory>

namespace trunkline::providers::acs {

/// Azure Communication Services: incoming calls by Event Grid, callbacks, media and transcription sockets, and Call
/// Automation for commands. `settings` and `ids` outlive it. Error `invalid_setting`: the connection string or the
/// endpoint, named but not shown.
Result<std::unique_ptr<Adapter>> make_adapter(const config::Acs& settings, const Services& services, Ids& ids,
                                              Wait wait = pause);

}  // namespace trunkline::providers::acs

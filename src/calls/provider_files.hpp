#pragma once

#include "call_log.hpp"

#include <trunkline/calls/call_service.hpp>

#include <string>

// Files of recordings that a provider made, as rows. The call is locked.
namespace trunkline::calls {

/// It is in the library, or on its way there.
bool is_known_file(CallLog& log, const Call& call, const ProviderFile& file);

/// A row for it in the library, under `recording_id`, and the job to fetch it, due now.
void open_fetch(CallLog& log, const Call& call, const ProviderFile& file, const std::string& recording_id);

/// The data of its recording_started event: `common`, a JSON object, and what is its own.
std::string expected_data(const std::string& common, const std::string& recording_id, const ProviderFile& file);

}  // namespace trunkline::calls

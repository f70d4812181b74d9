#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/sim/acs_files.hpp>

#include <string>

namespace trunkline::sim {

/// What the service calls a recording: opaque.
std::string acs_recording_id(const AcsFile& file);

/// The data of RecordingFileStatusUpdated for a recording of one file, as JSON, by the file's name. `endpoint` is that
/// of the storage.
std::string acs_recording_data(const std::string& endpoint, const AcsFile& file, WallTime began, WallTime ended);

}  // namespace trunkline::sim

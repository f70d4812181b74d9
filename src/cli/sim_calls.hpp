#pragma once

#include "cli/commands.hpp"

#include <trunkline/config/settings.hpp>
#include <trunkline/net/worker.hpp>
#include <trunkline/recording/wav.hpp>
#include <trunkline/sim/call.hpp>

#include <filesystem>
#include <functional>
#include <span>

namespace trunkline::cli {

/// Places one simulated call on the worker that it belongs to.
using PlaceCall = std::function<sim::asio::awaitable<Result<sim::CallReport>>(sim::Fault fault, std::uint64_t seed)>;

/// Places the calls at the given rate and tells how they went; the exit code. `worker` is running, `place` is called
/// there. `id` is what the provider calls its name of a call.
int place_calls(net::Worker& worker, const PlaceCall& place, const SimOptions& options, bool as_json, const char* id);

/// What the caller says: the file, or a spoken menu, or nothing when there is no media. The file has one channel and a
/// rate of `rates`, the first of which the menu has. Error: that of the file.
Result<recording::WavAudio> caller_audio(const SimOptions& options, std::span<const std::uint32_t> rates);

/// The file of one who speaks, with a rate of `rates`. Error: that of the file.
Result<recording::WavAudio> mono_audio(const std::filesystem::path& file, std::span<const std::uint32_t> rates);

/// What every provider's plan has.
void fill(sim::CallPlan& plan, const SimOptions& options, const config::Settings& settings, recording::WavAudio audio);

int sim_acs_calls(const SimOptions& options, const config::Settings& settings, bool as_json);

}  // namespace trunkline::cli

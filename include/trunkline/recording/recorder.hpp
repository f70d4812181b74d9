#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/base/thread_pool.hpp>
#include <trunkline/media/sink.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace trunkline::recording {

/// A finished file. Of one that a provider made channels and sample rate may be unknown: 0.
struct FileFacts {
  std::int64_t duration_ms = 0;
  std::int64_t size_bytes = 0;
  std::string sha256;  ///< lower-case hex
  int channels = 2;
  int sample_rate = 8000;
  std::string format = "wav";
};

/// Told once how a recording came out: when the file is finished, on a finisher's thread, or as soon as the disk fails.
/// Errors: `disk_failed` with the reason; `overloaded` when the writers could not take the last job (the file is then
/// as a crash would leave it, and is told on the stream's thread).
using RecordingDone = std::function<void(Result<FileFacts>)>;

/// Where recordings are made. Blocks come every 600 ms and are small; to finish a file takes as long as its fingerprint
/// does (0.1 s an hour of audio, more when it comes from the disk), which blocks of other recordings must not wait for.
struct RecorderPools {
  ThreadPool& writers;
  ThreadPool& finishers;
};

struct RecorderLimits {
  /// What may wait for the disk; a recorder drops nothing below it. A block beyond it is left out as silence, and its
  /// frames are counted in dropped(): the alarm.
  std::size_t spill_bytes = 4 * 1024 * 1024;
};

/// Writes one stream as a WAV, 16-bit PCM, with a channel for each track by its index: left the far end, right us, and
/// behind them the further participants that were heard. Each frame is at its place on the stream's timeline, silence
/// where there was nothing. Works from any kill: after each write, every 600 ms, the header tells
/// what the file holds, and at most one second is still in memory.
///
/// The file is created, written and finished on the pools, never on the stream's thread; the jobs of one recording
/// run in order, one at a time, so each pool's limit should be no less than the number of streams. The pools must
/// outlive the sink, and the writers stop first. Costs 16 kB for mu-law at 8 kHz.
std::shared_ptr<media::Sink> make_recorder(std::filesystem::path path, media::Format format, RecorderPools pools,
                                           RecordingDone done, RecorderLimits limits = {});

/// Brings a file of a recorder that a crash left behind to a finished state from its length; a finished one stays as
/// it is. Errors: `recording_missing`, `recording_damaged` (no usable header), `disk_failed`.
Result<FileFacts> repair(const std::filesystem::path& path);

}  // namespace trunkline::recording

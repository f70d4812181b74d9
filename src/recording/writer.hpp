#pragma once

#include "recording/wav_writer.hpp"

#include <trunkline/base/thread_pool.hpp>
#include <trunkline/recording/recorder.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace trunkline::recording {

/// The disk's side of one recording: what is to be written waits here and is written in order, one job at a time, on
/// the writers; behind the last block the finishers take over. Any thread; keeps itself alive until its work is done.
class Writer : public std::enable_shared_from_this<Writer> {
 public:
  Writer(std::filesystem::path path, media::Format format, RecorderPools pools, RecordingDone done,
         RecorderLimits limits);

  /// False when so much waits already that the block was not taken.
  bool push(Block block);
  /// The last block (with `final_frames`), which is taken whatever waits; the file is finished after it.
  void finish(Block last);

  /// The disk has failed, which was told; nothing is written any more.
  bool failed() const { return failed_; }
  std::size_t waiting_bytes() const { return waiting_bytes_; }

 private:
  bool enqueue(Block block);
  void run();
  std::optional<Block> next_block();
  void write(const Block& block);
  void finish_file(std::int64_t frames);
  void tell(Result<FileFacts> outcome);

  WavWriter file_;      // the running job only, at last the finisher's
  RecordingDone done_;  // the running job, or finish() when there is none; empty when told
  const RecorderPools pools_;
  const RecorderLimits limits_;
  std::atomic<bool> failed_ = false;
  std::atomic<std::size_t> waiting_bytes_ = 0;

  std::mutex mutex_;
  std::deque<Block> blocks_;
  bool running_ = false;
};

}  // namespace trunkline::recording

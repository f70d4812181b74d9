#include "recording/writer.hpp"

#include <utility>

namespace trunkline::recording {

Writer::Writer(std::filesystem::path path, media::Format format, RecorderPools pools, RecordingDone done,
               RecorderLimits limits)
    : file_(std::move(path), format), done_(std::move(done)), pools_(pools), limits_(limits) {}

bool Writer::push(Block block) {
  if (failed_ || waiting_bytes_ + block.bytes() > limits_.spill_bytes) return false;
  enqueue(std::move(block));  // when the pool is full the block waits for the next one
  return true;
}

void Writer::finish(Block last) {
  if (enqueue(std::move(last))) return;
  tell(make_error("overloaded", "the recording could not be finished: the writers' queue is full"));
}

// True when a job runs or will run.
bool Writer::enqueue(Block block) {
  waiting_bytes_ += block.bytes();
  const std::lock_guard lock(mutex_);
  blocks_.push_back(std::move(block));
  if (!running_) running_ = pools_.writers.try_post([self = shared_from_this()] { self->run(); });
  return running_;
}

void Writer::run() {
  while (const auto block = next_block()) {
    if (!failed_) write(*block);
    waiting_bytes_ -= block->bytes();
  }
}

std::optional<Block> Writer::next_block() {
  const std::lock_guard lock(mutex_);
  running_ = !blocks_.empty();
  if (!running_) return std::nullopt;
  Block block = std::move(blocks_.front());
  blocks_.pop_front();
  return block;
}

void Writer::write(const Block& block) {
  if (auto written = file_.write(block); !written) return tell(written.error());
  if (block.final_frames) finish_file(*block.final_frames);
}

// No block comes after the last: the file is the finisher's now. Better a writer's time than no finished file.
void Writer::finish_file(std::int64_t frames) {
  auto finish = [self = shared_from_this(), frames] { self->tell(self->file_.finish(frames)); };
  if (!pools_.finishers.try_post(finish)) finish();
}

void Writer::tell(Result<FileFacts> outcome) {
  failed_ = outcome.has_error();
  if (const auto done = std::exchange(done_, nullptr)) done(std::move(outcome));
}

}  // namespace trunkline::recording

#include <adapters/pocketsphinx/recogniser_pool.hpp>
#include <algorithm>
#include <utility>

namespace trunkline::adapters {

RecogniserPool::RecogniserPool(ModelFolder model, std::size_t limit) : model_(std::move(model)), limit_(limit) {}

std::unique_ptr<RecogniserPool::Lease> RecogniserPool::lease(std::shared_ptr<const Vocabulary> vocabulary) {
  const std::lock_guard lock(mutex_);
  if (leased_ == limit_) return nullptr;
  ++leased_;
  return std::make_unique<Lease>(*this, std::move(vocabulary));
}

Result<std::unique_ptr<Recogniser>> RecogniserPool::take(const std::shared_ptr<const Vocabulary>& vocabulary) {
  std::unique_ptr<Recogniser> evicted;  // dies outside the lock
  {
    const std::lock_guard lock(mutex_);
    const auto warm = std::ranges::find_if(
        idle_, [&](const auto& idle) { return idle->vocabulary().grammar() == vocabulary->grammar(); });
    if (warm != idle_.end()) {
      auto recogniser = std::move(*warm);
      idle_.erase(warm);
      return recogniser;
    }
    if (leased_ + idle_.size() > limit_) {
      evicted = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  return Recogniser::make(model_, vocabulary);
}

void RecogniserPool::give_back(std::unique_ptr<Recogniser> recogniser) {
  if (recogniser) recogniser->reset();
  const std::lock_guard lock(mutex_);
  --leased_;
  if (recogniser) idle_.push_front(std::move(recogniser));
}

RecogniserPool::Lease::Lease(RecogniserPool& pool, std::shared_ptr<const Vocabulary> vocabulary)
    : pool_(pool), vocabulary_(std::move(vocabulary)) {}

RecogniserPool::Lease::~Lease() {
  pool_.give_back(std::move(recogniser_));
}

Result<Recogniser*> RecogniserPool::Lease::recogniser() {
  if (!recogniser_) {
    auto taken = pool_.take(vocabulary_);
    if (!taken) return taken.error();
    recogniser_ = std::move(*taken);
  }
  return recogniser_.get();
}

}  // namespace trunkline::adapters

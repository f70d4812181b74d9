#pragma once

#include <trunkline/base/result.hpp>

#include <adapters/pocketsphinx/recogniser.hpp>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>

namespace trunkline::adapters {

/// Limits how many recognisers there are, busy and idle, and keeps idle ones warm. Any thread.
class RecogniserPool {
 public:
  /// The right to one recogniser, made or taken from the idle ones when it is first used.
  class Lease {
   public:
    Lease(RecogniserPool& pool, std::shared_ptr<const Vocabulary> vocabulary);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    /// Takes up to 80 ms the first time: call it off the media threads. Error `engine_unavailable`.
    Result<Recogniser*> recogniser();

   private:
    RecogniserPool& pool_;
    std::shared_ptr<const Vocabulary> vocabulary_;
    std::unique_ptr<Recogniser> recogniser_;
  };

  RecogniserPool(ModelFolder model, std::size_t limit);

  /// Null when all recognisers are taken. The pool must outlive the lease.
  std::unique_ptr<Lease> lease(std::shared_ptr<const Vocabulary> vocabulary);

 private:
  Result<std::unique_ptr<Recogniser>> take(const std::shared_ptr<const Vocabulary>& vocabulary);
  void give_back(std::unique_ptr<Recogniser> recogniser);

  const ModelFolder model_;
  const std::size_t limit_;
  std::mutex mutex_;
  std::size_t leased_ = 0;
  std::list<std::unique_ptr<Recogniser>> idle_;  // the last used first
};

}  // namespace trunkline::adapters

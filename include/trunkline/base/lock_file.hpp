#pragma once

#include <trunkline/base/result.hpp>

#include <filesystem>
#include <utility>

namespace trunkline {

/// A file that one process holds, by flock(2), so the lock goes with the process however it ends. The file stays when
/// the lock is released: removing it would let two processes lock two files of the same name.
class LockFile {
 public:
  /// Errors: `data_dir_in_use`, its message says which process; `store_unavailable`, the file cannot be made.
  static Result<LockFile> take(const std::filesystem::path& path);

  LockFile(LockFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  LockFile& operator=(LockFile&&) = delete;
  ~LockFile();

 private:
  explicit LockFile(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace trunkline

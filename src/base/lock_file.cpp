#include <trunkline/base/lock_file.hpp>
#include <trunkline/base/text.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

namespace trunkline {
namespace {

Error cannot(const std::filesystem::path& path, int code) {
  return make_error("store_unavailable", "the lock file cannot be made",
                    path.string() + ": " + std::generic_category().message(code));
}

Error in_use(const std::filesystem::path& path, int descriptor) {
  char bytes[24];
  const auto size = ::pread(descriptor, bytes, sizeof bytes, 0);
  const auto pid = text::trim({bytes, size > 0 ? static_cast<std::size_t>(size) : 0});
  const auto holder = text::to_uint(pid) ? "process " + std::string(pid) : std::string("another process");
  return make_error("data_dir_in_use", "the data folder is in use by " + holder, path.string());
}

}  // namespace

Result<LockFile> LockFile::take(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return cannot(path, errno);
  LockFile lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    return errno == EWOULDBLOCK ? in_use(path, descriptor) : cannot(path, errno);
  }
  // The number only tells people whom to look for, so a full disk is no reason to refuse here.
  if (::ftruncate(descriptor, 0) == 0) ::dprintf(descriptor, "%ld\n", static_cast<long>(::getpid()));
  return lock;
}

LockFile::~LockFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace trunkline

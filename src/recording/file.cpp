#include "recording/file.hpp"

#include <trunkline/base/crypto.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace trunkline::recording {
namespace {

Error disk_failure(std::string_view deed, int code, const std::filesystem::path& path) {
  const std::string reason = std::generic_category().message(code);
  return make_error("disk_failed", "cannot " + std::string(deed) + " the file: " + reason, path.string());
}

int open_file(const std::filesystem::path& path, int flags) {
  constexpr mode_t owner_and_group = 0640;
  return ::open(path.c_str(), flags | O_CLOEXEC, owner_and_group);
}

// A name is on the disk once its folder is. Some file systems have no way to say so of a folder, and no need.
Result<> sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return disk_failure("store the name of", errno, folder);
  const int code = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (code != 0 && code != EINVAL) return disk_failure("store the name of", code, folder);
  return {};
}

// With those above it. Their names are stored at once, not when a file in them is finished: that of another recording
// may be finished before.
Result<> make_folder(const std::filesystem::path& folder) {
  std::error_code code;
  if (folder.empty() || std::filesystem::is_directory(folder, code)) return {};
  if (auto above = make_folder(folder.parent_path()); !above) return above;
  std::filesystem::create_directories(folder, code);  // which is content when another thread was faster
  if (code) return disk_failure("make the folder of", code.value(), folder);
  return sync_folder(folder.parent_path());
}

}  // namespace

File::File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

File::~File() {
  if (is_open()) ::close(descriptor_);
}

Result<File> File::create(const std::filesystem::path& path) {
  if (auto made = make_folder(path.parent_path()); !made) return made.error();
  const int descriptor = open_file(path, O_RDWR | O_CREAT | O_TRUNC);
  if (descriptor < 0) return disk_failure("create", errno, path);
  return File(descriptor, path);
}

Result<File> File::open(const std::filesystem::path& path) {
  const int descriptor = open_file(path, O_RDWR);
  if (descriptor >= 0) return File(descriptor, path);
  if (errno == ENOENT) return make_error("recording_missing", "the recording's file does not exist", path.string());
  return disk_failure("open", errno, path);
}

Result<File> File::open_to_read(const std::filesystem::path& path) {
  const int descriptor = open_file(path, O_RDONLY);
  if (descriptor < 0) return disk_failure("open", errno, path);
  return File(descriptor, path);
}

Result<> File::write_at(std::int64_t offset, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return failure("write", written < 0 ? errno : ENOSPC);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += written;
  }
  return {};
}

Result<std::size_t> File::read_at(std::int64_t offset, std::span<std::uint8_t> bytes) const {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto rest = bytes.subspan(done);
    const ssize_t count = ::pread(descriptor_, rest.data(), rest.size(), offset + static_cast<std::int64_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure("read", errno);
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

Result<std::int64_t> File::size() const {
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0) return failure("measure", errno);
  return static_cast<std::int64_t>(status.st_size);
}

Result<> File::resize(std::int64_t bytes) {
  if (::ftruncate(descriptor_, bytes) != 0) return failure("resize", errno);
  return {};
}

Result<> File::rename(const std::filesystem::path& path) {
  if (auto moved = move_file(path_, path); !moved) return moved;
  path_ = path;
  return {};
}

Result<> File::sync() {
  if (::fsync(descriptor_) != 0) return failure("store", errno);
  return sync_folder(path_.parent_path());
}

Result<std::string> File::sha256() const {
  crypto::Sha256 digest;
  std::array<std::uint8_t, 64 * 1024> buffer{};
  for (std::int64_t offset = 0;;) {
    const auto count = read_at(offset, buffer);
    if (!count) return count.error();
    if (*count == 0) return digest.finish();
    digest.update({reinterpret_cast<const char*>(buffer.data()), *count});
    offset += static_cast<std::int64_t>(*count);
  }
}

Result<> move_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (auto made = make_folder(to.parent_path()); !made) return made;
  if (::rename(from.c_str(), to.c_str()) != 0) return disk_failure("rename", errno, from);
  return sync_folder(to.parent_path());
}

Error File::failure(std::string_view deed, int code) const {
  return disk_failure(deed, code, path_);
}

}  // namespace trunkline::recording

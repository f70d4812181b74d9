#include <trunkline/auth/secret.hpp>
#include <trunkline/base/text.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>

namespace trunkline::auth {
namespace {

constexpr std::size_t secret_bytes = 32;
constexpr std::size_t min_secret_bytes = 16;
constexpr std::size_t max_secret_bytes = 4096;

Error unwritable(const std::filesystem::path& path, int error) {
  return make_error("secret_unwritable",
                    "the token secret cannot be written to the data folder; set JWT_SECRET or another DATA_DIR",
                    path.string() + ": " + std::generic_category().message(error));
}

Result<std::string> read_secret(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(max_secret_bytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) {
    return make_error("secret_unreadable", "the token secret in the data folder cannot be read", path.string());
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  std::string secret(text::trim(text));
  if (secret.size() < min_secret_bytes) {
    return make_error("secret_invalid", "the token secret in the data folder is shorter than 16 bytes", path.string());
  }
  return secret;
}

/// A new file that only we can read; removed again when it goes out of scope.
class PrivateFile {
 public:
  explicit PrivateFile(std::filesystem::path path) : path_(std::move(path)) {
    file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file_ < 0) error_ = errno;
  }
  ~PrivateFile() {
    if (file_ < 0) return;
    ::close(file_);
    ::unlink(path_.c_str());
  }
  PrivateFile(const PrivateFile&) = delete;
  PrivateFile& operator=(const PrivateFile&) = delete;

  /// Whole and on the disk; else why not, as an errno.
  int write(const std::string& text) const {
    if (file_ < 0) return error_;
    errno = ENOSPC;  // what a short write means
    const bool whole = ::write(file_, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    return whole && ::fsync(file_) == 0 ? 0 : errno;
  }

 private:
  std::filesystem::path path_;
  int file_ = -1;
  int error_ = 0;
};

}  // namespace

Result<std::string> load_or_create_secret(const std::filesystem::path& data_dir, Ids& ids) {
  const std::filesystem::path path = data_dir / "jwt_secret";
  std::error_code error;
  if (std::filesystem::exists(path, error)) return read_secret(path);
  std::filesystem::create_directories(data_dir, error);
  if (error) return unwritable(data_dir, error.value());

  // Written whole under a name of its own, then linked: nobody ever sees half a secret, and of two processes that
  // start at once the first wins and the second reads what the first has made.
  const std::filesystem::path draft = path.string() + "." + ids.secret(8);
  const PrivateFile file(draft);
  if (const int failure = file.write(ids.secret(secret_bytes) + "\n"); failure != 0) return unwritable(draft, failure);
  if (::link(draft.c_str(), path.c_str()) != 0 && errno != EEXIST) return unwritable(path, errno);
  return read_secret(path);
}

}  // namespace trunkline::auth

#pragma once

#include <trunkline/base/result.hpp>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace trunkline::recording {

/// A file read and written by offset. All errors are `disk_failed` with the system's reason, but for open().
class File {
 public:
  File() = default;
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();

  /// Empty, for reading and writing, readable by owner and group; its folder is made, for good.
  static Result<File> create(const std::filesystem::path& path);
  /// An existing one, for reading and writing. Error `recording_missing` when there is none.
  static Result<File> open(const std::filesystem::path& path);
  static Result<File> open_to_read(const std::filesystem::path& path);

  bool is_open() const { return descriptor_ >= 0; }
  Result<> write_at(std::int64_t offset, std::span<const std::uint8_t> bytes);
  /// The number of bytes read is less than asked for at the end of the file only.
  Result<std::size_t> read_at(std::int64_t offset, std::span<std::uint8_t> bytes) const;
  Result<std::int64_t> size() const;
  Result<> resize(std::int64_t bytes);
  /// Takes the place of what is there, in the same folder, for good.
  Result<> rename(const std::filesystem::path& path);
  /// Everything is on the disk when it returns, the file's name included.
  Result<> sync();
  /// Lower-case hex, of the whole content.
  Result<std::string> sha256() const;

 private:
  File(int descriptor, std::filesystem::path path) : descriptor_(descriptor), path_(std::move(path)) {}
  Error failure(std::string_view deed, int code) const;

  int descriptor_ = -1;
  std::filesystem::path path_;
};

/// Gives a stored file another name, for good; the folder of that is made. What had the name is replaced.
Result<> move_file(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace trunkline::recording

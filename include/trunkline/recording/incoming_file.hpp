#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/recording/recorder.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace trunkline::recording {

/// A recording that comes from elsewhere, part by part: a file of another name until it is whole. Not thread-safe; all
/// but construction blocks on the disk, and belongs on a pool. Errors: `disk_failed`.
class IncomingFile {
 public:
  explicit IncomingFile(std::filesystem::path temporary);
  /// What has not got its name is removed.
  ~IncomingFile();
  IncomingFile(const IncomingFile&) = delete;
  IncomingFile& operator=(const IncomingFile&) = delete;

  /// The file is made by the first one, with its folder.
  Result<> append(std::string_view bytes);

  /// Stores it on the disk under its name, in place of one that is there: after a crash both are the same. `format` is
  /// what it should be. Error `recording_damaged`: it is empty, or begins as no file of that format does.
  ///
  /// Of a WAV file the duration, channels and rate are known then, of others 0.
  Result<FileFacts> keep_as(const std::filesystem::path& path, const std::string& format);

 private:
  class Content;
  const std::filesystem::path temporary_;
  std::unique_ptr<Content> content_;
};

/// What files of IncomingFile are called that are not finished: of the recording, and of the node that fetches it.
std::filesystem::path incoming_path(const std::filesystem::path& folder, const std::string& recording_id,
                                    const std::string& node);

/// Removes those that the node left behind when it died. How many.
std::size_t remove_incoming(const std::filesystem::path& folder, const std::string& node);

}  // namespace trunkline::recording

#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/offload.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/recording/recorder.hpp>
#include <trunkline/store/sql.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace trunkline::recording {

/// A row of the library. `state`: `recording`, `completed`, `failed`.
struct Recording {
  std::string id;
  std::string call_id;
  std::string state;
  std::string path;  ///< below the recordings folder
  WallTime started_at;
  std::optional<WallTime> completed_at;  ///< or failed
  FileFacts facts;                       ///< of a failed one: of what was written before it failed
  bool recovered = false;                ///< settled after a crash, not by who wrote it
  std::string failure;
  std::string source = "gateway";  ///< who made it; else a provider, from which it is fetched while it is `recording`
  std::string provider_recording_id;  ///< then: the provider's name of it
  std::int64_t part = 0;              ///< and which of its files this is
};

/// The rows of all recordings, to read, and to remove in the end. Any thread. calls::CallService makes a row together
/// with the media start, and settles it together with the event that says how the recording came out. Errors besides
/// those named: those of store::Database.
class Library {
 public:
  Library(store::Database& database, std::filesystem::path folder);

  asio::awaitable<Result<Recording>> find(std::string recording_id);  ///< `recording_not_found`
  /// Oldest first; empty for a call without recordings or an unknown one.
  asio::awaitable<Result<std::vector<Recording>>> of_call(std::string call_id);
  /// What a node recorded and has not finished, oldest first, at most `unfinished_limit`: ask again when these are
  /// settled.
  asio::awaitable<Result<std::vector<Recording>>> unfinished(std::string node);
  static constexpr int unfinished_limit = 1000;

  /// Recordings that were finished before a time and whose files are to be found here: those of `node`, or of all nodes
  /// when none is named; the oldest first.
  asio::awaitable<Result<std::vector<Recording>>> finished_before(WallTime before, std::string node, std::size_t limit);
  /// Their rows go. When their files have gone.
  asio::awaitable<Result<>> forget(std::vector<std::string> recording_ids);

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path file_of(const Recording& recording) const { return file_at(recording.path); }
  /// `path` as in the row, below the recordings folder.
  std::filesystem::path file_at(const std::string& path) const { return folder_ / path; }

 private:
  store::Database& database_;
  std::filesystem::path folder_;
};

/// The data of the event recording.completed, from which calls::CallService settles the row.
std::string completed_data(const std::string& recording_id, const FileFacts& facts, bool recovered);
/// The same of recording.failed. `kept` is the file as far as it was written, when there is one that plays.
std::string failed_data(const std::string& recording_id, const Error& failure,
                        const std::optional<FileFacts>& kept = std::nullopt, bool recovered = false);

/// The object that REST shows: recordingId, callId, state, format, channels, sampleRate, durationMs, sizeBytes, sha256,
/// startedAt, completedAt, recovered, source; failure of a failed one; providerRecordingId and part of one that a
/// provider made. completedAt and sha256 are null until they are known, channels and sampleRate where they never are.
std::string to_json_text(const Recording& recording);

}  // namespace trunkline::recording

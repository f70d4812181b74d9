#pragma once

#include <trunkline/providers/acs/envelope.hpp>

namespace trunkline::providers::acs {

inline constexpr std::string_view file_status_type = "Microsoft.Communication.RecordingFileStatusUpdated";

/// A recording that the provider made is ready to be fetched, for 24 hours. The locations are as they were said: a
/// signed request goes to hosts of the provider only, which is for whoever fetches to check.
struct RecordingFiles {
  struct Chunk {
    std::int64_t index = 0;
    std::string document_id;
    std::string end_reason;         ///< `sessionended`, `chunkmaximumsizeexceeded`, ...: in lower case
    std::string content_location;   ///< never empty
    std::string metadata_location;  ///< as the next one: empty when it is not said
    std::string delete_location;
  };

  std::string recording_id;
  std::string call_id;  ///< of the subject; what Azure calls the correlation id elsewhere; may be empty
  std::string server_call_id;
  std::vector<Chunk> chunks;  ///< by index; at most 500
  std::optional<WallTime> started_at;
  std::optional<milliseconds> duration;
  std::string content_type;  ///< as all words from here on, in lower case: `audio`, `audiovideo`
  std::string channel_type;  ///< `mixed`, `unmixed`
  std::string format;        ///< `wav`, `mp3`, `mp4`
  std::string end_reason;    ///< `callended`, `initiatorleft`, ...
  std::string storage_type;  ///< empty for the built-in one in older events
};

/// The ids come from the subject, `/recording/call/{}/serverCallId/{}/recordingId/{}`; `data.recordingId` goes before
/// the subject's. Errors `invalid_event`, naming the field: no recording id, no list of chunks, more than 500 of them,
/// or one without a place to fetch it from.
Result<RecordingFiles> read_file_status(const Envelope& envelope);

}  // namespace trunkline::providers::acs

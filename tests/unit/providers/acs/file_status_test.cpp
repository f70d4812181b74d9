#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/file_status.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::providers::acs;
using nlohmann::json;

namespace {

const std::string subject = "/recording/call/7b2f0c64/serverCallId/aHR0/c+HM6Ly9h==/recordingId/eyJQ/bGF0==";

json chunk(int index, const std::string& name) {
  const std::string place = "https://eu-storage.asm.skype.com/v1/objects/" + name;
  return {{"documentId", name},
          {"index", index},
          {"endReason", "ChunkMaximumSizeExceeded"},
          {"contentLocation", place + "/content/audio"},
          {"metadataLocation", place + "/content/acsmetadata"},
          {"deleteLocation", place}};
}

json data_with(json chunks) {
  return {{"recordingStorageInfo", {{"recordingChunks", std::move(chunks)}}},
          {"recordingStartTime", "2026-11-20T12:01:10.0000000Z"},
          {"recordingDurationMs", 14300},
          {"recordingContentType", "AudioVideo"},
          {"recordingChannelType", "unmixed"},
          {"recordingFormatType", "Wav"},
          {"sessionEndReason", "CallEnded"}};
}

Result<RecordingFiles> try_read(json data, std::string about = subject) {
  return read_file_status(
      {"1", "topic", std::string(file_status_type), std::nullopt, std::move(about), std::move(data)});
}

std::string why_not(json data, std::string about = subject) {
  const auto files = try_read(std::move(data), std::move(about));
  REQUIRE_FALSE(files.has_value());
  CHECK(files.error().code == "invalid_event");
  return files.error().message;
}

}  // namespace

TEST_CASE("a recording's chunks come in their order, with what they are") {
  const auto files = try_read(data_with({chunk(2, "c"), chunk(0, "a"), chunk(1, "b")}));
  REQUIRE(files.has_value());
  CHECK(files->call_id == "7b2f0c64");
  CHECK(files->server_call_id == "aHR0/c+HM6Ly9h==");
  CHECK(files->recording_id == "eyJQ/bGF0==");
  REQUIRE(files->chunks.size() == 3);
  CHECK(files->chunks[0].document_id == "a");
  CHECK(files->chunks[1].index == 1);
  CHECK(files->chunks[1].content_location == "https://eu-storage.asm.skype.com/v1/objects/b/content/audio");
  CHECK(files->chunks[1].metadata_location == "https://eu-storage.asm.skype.com/v1/objects/b/content/acsmetadata");
  CHECK(files->chunks[1].delete_location == "https://eu-storage.asm.skype.com/v1/objects/b");
  CHECK(files->chunks[2].end_reason == "chunkmaximumsizeexceeded");
  CHECK(files->started_at == text::parse_rfc3339("2026-11-20T12:01:10Z"));
  CHECK(files->duration == milliseconds{14300});
  CHECK(files->content_type == "audiovideo");
  CHECK(files->channel_type == "unmixed");
  CHECK(files->format == "wav");
  CHECK(files->end_reason == "callended");
  CHECK(files->storage_type.empty());
}

TEST_CASE("the recording's id comes from the data or from the subject") {
  json data = data_with({chunk(0, "a")});
  CHECK(try_read(data, "/recording/call/c/serverCallId/s/recordingId/eyJQ%3D")->recording_id == "eyJQ=");
  for (const char* strange :
       {"", "/recording/call/c", "/recording/call/c/serverCallId/s", "/other/call/c/serverCallId/s/recordingId/r",
        "/recording/call/c/serverCallId/s/recordingId/", "/recording/call/c/serverCallId/s/recordingId/%0A"}) {
    CHECK(why_not(data, strange) == "data.recordingId is missing, and the subject has none");
  }
  data["recordingId"] = "from-data";
  CHECK(try_read(data)->recording_id == "from-data");
  CHECK(try_read(data)->call_id == "7b2f0c64");
  CHECK(try_read(data, "")->recording_id == "from-data");
  data["recordingId"] = 5;
  CHECK(why_not(data) == "data.recordingId must be visible ASCII of at most 2048 characters");
}

TEST_CASE("a recording without a place to fetch it from is refused") {
  const std::string chunks = "data.recordingStorageInfo.recordingChunks";
  CHECK(why_not(nullptr) == "data must be an object");
  CHECK(why_not(json::object()) == chunks + " must be an array");
  CHECK(why_not(data_with("none")) == chunks + " must be an array");
  CHECK(why_not(data_with({5})) == chunks + "[0].contentLocation is missing");
  json second = chunk(1, "b");
  second.erase("contentLocation");
  CHECK(why_not(data_with({chunk(0, "a"), second})) == chunks + "[1].contentLocation is missing");
  second["contentLocation"] = "https://host/a b";
  CHECK(why_not(data_with({second})) ==
        chunks + "[0].contentLocation must be visible ASCII of at most 4096 characters");
  CHECK(why_not(data_with(std::vector<json>(501, chunk(0, "a")))) == chunks + " has more than 500 chunks");
  CHECK(try_read(data_with(json::array()))->chunks.empty());
}

TEST_CASE("what is odd about a recording is left out") {
  json data =
      data_with({{{"contentLocation", "https://host/1"}}, {{"contentLocation", "https://host/2"}, {"index", "x"}}});
  data["recordingStartTime"] = "soon";
  data["recordingDurationMs"] = -1;
  data["recordingFormatType"] = 3;
  const auto files = try_read(data);
  REQUIRE(files.has_value());
  CHECK(files->chunks[1].index == 1);
  CHECK(files->chunks[0].delete_location.empty());
  CHECK_FALSE(files->started_at.has_value());
  CHECK_FALSE(files->duration.has_value());
  CHECK(files->format.empty());
}

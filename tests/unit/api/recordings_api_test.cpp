#include "unit/api/api_fixture.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

using namespace trunkline;
using api::test::ApiFixture;
using api::test::header;

namespace {

constexpr auto etag = "\"5e7a\"";

/// One finished recording of ten bytes.
struct Recorded : ApiFixture {
  Recorded() {
    const std::string call_id = calls.arrive("CA1").call_id;
    const auto inserted = store::test::execute(*calls.database,
                                               "INSERT INTO call_recordings (id, call_id, state, path, started_at, "
                                               "channels, sample_rate, format) VALUES ('rec_1', '" +
                                                   call_id + "', 'recording', 'one.wav', 1, 2, 8000, 'wav')");
    REQUIRE(inserted);
    std::filesystem::create_directories(library.file_at(""));
    std::ofstream(library.file_at("one.wav")) << "0123456789";
    recording::FileFacts facts;
    facts.sha256 = "5e7a";
    facts.size_bytes = 10;
    const auto data = recording::completed_data("rec_1", facts, false);
    REQUIRE(calls::test::run(calls.service->append(call_id, calls::EventType::recording_completed, data)));
  }

  net::Response audio(net::Headers headers = {}) {
    return get("/api/v1/media-recordings/rec_1/audio", std::move(headers));
  }
};

}  // namespace

TEST_CASE("a recording that the client has is not sent again") {
  Recorded here;
  CHECK(header(here.audio(), "ETag") == etag);
  for (const auto* known : {"\"5e7a\"", "W/\"5e7a\"", "\"other\", \"5e7a\"", "*"}) {
    CAPTURE(known);
    const auto answer = here.audio({{"If-None-Match", known}, {"Range", "bytes=0-3"}});
    CHECK(answer.status == 304);
    CHECK(header(answer, "ETag") == etag);
    CHECK(header(answer, "Cache-Control") == "private, no-cache");
    CHECK_FALSE(answer.file.has_value());
  }
  for (const auto* unknown : {"", "\"other\"", "5e7a", ","}) {
    CAPTURE(unknown);
    CHECK(here.audio({{"If-None-Match", unknown}}).status == 200);
  }
}

TEST_CASE("a part is sent only of the recording that the client means") {
  Recorded here;
  const net::Header part = {"Range", "bytes=2-3"};
  CHECK(here.audio({part}).status == 206);
  CHECK(here.audio({part, {"If-Range", etag}}).status == 206);
  for (const auto* other : {"\"other\"", "W/\"5e7a\"", "Sun, 30 Aug 2026 08:39:26 GMT"}) {
    CAPTURE(other);
    const auto answer = here.audio({part, {"If-Range", other}});
    CHECK(answer.status == 200);
    REQUIRE(answer.file.has_value());
    CHECK(answer.file->length == 10);
  }
  CHECK(here.audio({{"Range", "bytes=20-"}, {"If-Range", "\"other\""}}).status == 200);
}

TEST_CASE("a recording that a provider made is served as what it is, and says whose it is") {
  Recorded here;
  REQUIRE(store::test::execute(*here.calls.database,
                               "UPDATE call_recordings SET format = 'mp3', channels = 0, sample_rate = 0, source = "
                               "'acs', provider_recording_id = 'r1', part = 2"));
  const auto answer = here.audio({{"Range", "bytes=2-3"}});
  CHECK(answer.status == 206);
  CHECK(header(answer, "Content-Type") == "audio/mpeg");
  CHECK(header(answer, "Content-Disposition") == "inline; filename=\"rec_1.mp3\"");
  const auto shown = nlohmann::json::parse(here.get("/api/v1/media-recordings/rec_1").body);
  CHECK(shown["source"] == "acs");
  CHECK(shown["providerRecordingId"] == "r1");
  CHECK(shown["part"] == 2);
  CHECK(shown["channels"].is_null());
  CHECK(shown["sampleRate"].is_null());
  REQUIRE(store::test::execute(*here.calls.database, "UPDATE call_recordings SET format = 'mp4'"));
  CHECK(header(here.audio(), "Content-Type") == "video/mp4");
  REQUIRE(store::test::execute(*here.calls.database, "UPDATE call_recordings SET format = 'bin'"));
  CHECK(header(here.audio(), "Content-Type") == "application/octet-stream");
}

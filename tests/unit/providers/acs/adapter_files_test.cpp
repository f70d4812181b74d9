#include "unit/providers/acs/adapter_fixture.hpp"

namespace trunkline::providers::acs {
namespace {

using calls::EventType;
using nlohmann::json;
using test::AdapterFixture;
using test::answer_of;
using test::Received;

json chunk(int index, const std::string& host = "https://eu-storage.asm.skype.com") {
  const std::string place = host + "/v1/objects/doc-" + std::to_string(index);
  return {{"documentId", "doc-" + std::to_string(index)},
          {"index", index},
          {"endReason", "SessionEnded"},
          {"contentLocation", place + "/content/audio?sig=secret"},
          {"metadataLocation", place + "/content/acsmetadata"},
          {"deleteLocation", place}};
}

/// A call that was answered, and a word about the recording of it.
struct FilesFixture : AdapterFixture {
  FilesFixture() { settings.recording_hosts = {}; }

  void call_comes() { REQUIRE(event_grid(json::array({incoming()})).status == 200); }
  static json word(json chunks, const std::string& id = "files-1", json more = json::object()) {
    more.update({{"recordingStorageInfo", {{"recordingChunks", std::move(chunks)}}},
                 {"recordingStartTime", "2026-09-21T14:13:20Z"},
                 {"recordingDurationMs", 14'300},
                 {"recordingContentType", "Audio"},
                 {"recordingChannelType", "Mixed"},
                 {"recordingFormatType", "Wav"},
                 {"sessionEndReason", "CallEnded"}});
    return {{"id", id},
            {"topic", "/subscriptions/1"},
            {"subject", "/recording/call/corr-1/serverCallId/server-corr-1/recordingId/r1"},
            {"eventType", "Microsoft.Communication.RecordingFileStatusUpdated"},
            {"eventTime", "2026-09-21T14:13:50Z"},
            {"dataVersion", "1.0"},
            {"data", std::move(more)}};
  }
  Outcome tell(const json& event) { return event_grid(json::array({event})); }
  std::vector<json> told(const std::string& call_id, EventType type) {
    std::vector<json> found;
    for (const auto& event : calls::test::run(calls.service->events_of(call_id, 0, 100)).value()) {
      if (event.type == type) found.push_back(json::parse(event.data));
    }
    return found;
  }
};

TEST_CASE("files of a recording are acknowledged with the jobs to fetch them") {
  FilesFixture gateway;
  gateway.call_comes();
  const auto outcome = gateway.tell(FilesFixture::word(json::array({chunk(1), chunk(0)})));
  CHECK(outcome.status == 200);
  const auto started = gateway.told(outcome.call_id, EventType::recording_started);
  REQUIRE(started.size() == 2);
  CHECK(started[0]["part"] == 0);
  CHECK(started[1]["part"] == 1);
  CHECK(started[0]["parts"] == 2);
  CHECK(started[0]["providerRecordingId"] == "r1");
  CHECK(started[0]["source"] == "acs");
  CHECK(started[0].dump().find("storage") == std::string::npos);
  CHECK(gateway.told(outcome.call_id, EventType::recording_completed).empty());
  CHECK(gateway.calls.count("recording_fetches WHERE provider = 'acs' AND location LIKE "
                            "'https://eu-storage.asm.skype.com/%?sig=secret' AND delete_location = ''") == 2);
}

TEST_CASE("the same files, told of again in whatever way, are fetched once") {
  FilesFixture gateway;
  gateway.call_comes();
  const json word = FilesFixture::word(json::array({chunk(0)}));
  CHECK(gateway.tell(word).status == 200);
  const auto again = gateway.tell(word);
  CHECK(again.status == 200);
  CHECK(again.repeated);
  CHECK(gateway.tell(FilesFixture::word(json::array({chunk(0)}), "files-2")).status == 200);
  CHECK(gateway.calls.count("recording_fetches") == 1);
}

TEST_CASE("files are to be removed there where the settings say so") {
  FilesFixture gateway;
  gateway.settings.delete_fetched_recordings = true;
  gateway.call_comes();
  CHECK(gateway.tell(FilesFixture::word(json::array({chunk(0)}))).status == 200);
  CHECK(gateway.calls.count("recording_fetches WHERE delete_location LIKE '%/v1/objects/doc-0'") == 1);
}

TEST_CASE("what is not fetched is told of as it is, without what may open it") {
  const auto kept = [](bool fetch, const std::string& storage) {
    FilesFixture gateway;
    gateway.settings.fetch_recordings = fetch;
    gateway.call_comes();
    const auto outcome =
        gateway.tell(FilesFixture::word(json::array({chunk(0)}), "files-1", {{"storageType", storage}}));
    CHECK(gateway.calls.count("recording_fetches") == 0);
    const auto told = gateway.told(outcome.call_id, EventType::recording_completed);
    REQUIRE(told.size() == 1);
    CHECK(told[0]["providerRecordingId"] == "r1");
    CHECK(told[0]["url"] == "https://eu-storage.asm.skype.com/v1/objects/doc-0/content/audio");
    CHECK_FALSE(told[0].contains("recordingId"));
  };
  kept(false, "Acs");
  kept(true, "AzureBlob");
}

TEST_CASE("a recording without files has failed") {
  FilesFixture gateway;
  gateway.call_comes();
  const auto outcome = gateway.tell(FilesFixture::word(json::array()));
  CHECK(outcome.status == 200);
  const auto told = gateway.told(outcome.call_id, EventType::recording_failed);
  REQUIRE(told.size() == 1);
  CHECK(told[0]["reason"] == "no_files");
}

TEST_CASE("files of a call that nobody knows are acknowledged and left") {
  FilesFixture gateway;
  CHECK(gateway.tell(FilesFixture::word(json::array({chunk(0)}))).status == 200);
  CHECK(gateway.calls.count("recording_fetches") == 0);
}

TEST_CASE("a service on loopback keeps its recordings itself, and any other one with Microsoft") {
  FilesFixture gateway;
  gateway.answer_with([](const Received&) { return answer_of(200, "RIFF"); });
  recording::FileSource* source = gateway.adapter().recordings();
  REQUIRE(source != nullptr);
  CHECK(source->provider() == "acs");
  std::string got;
  const recording::FileSource::Take take = [&](std::uint64_t, std::string bytes) -> asio::awaitable<Result<>> {
    got += bytes;
    co_return Result<>{};
  };
  CHECK(calls::test::run(source->download(gateway.service.url() + "/v1/objects/a", take)).value() == 4);
  CHECK(got == "RIFF");
  CHECK(calls::test::run(source->remove(gateway.service.url() + "/v1/objects/a")).has_value());
  FilesFixture real;
  real.settings.connection_string = "endpoint=https://contoso.example/;accesskey=a2V5";
  const auto refused =
      calls::test::run(real.adapter().recordings()->download(gateway.service.url() + "/v1/objects/a", take));
  CHECK(refused.error().code == "recording_url_refused");
}

}  // namespace
}  // namespace trunkline::providers::acs

#include "support/manual_clock.hpp"
#include "unit/providers/acs/fake_service.hpp"

#include <trunkline/providers/acs/call_automation.hpp>
#include <trunkline/providers/acs/recording_url.hpp>

#include <catch2/catch.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace trunkline;
using namespace trunkline::providers::acs;
using test::answer_of;
using test::FakeService;
using test::Received;
using test::run;

namespace {

const std::string key = "0123456789abcdef";
const std::string acs_host = "127.0.0.1:1";
const std::string content = "RIFF....WAVE";

/// A client of a service on loopback that may fetch recordings from the storage under test, four bytes at a time.
struct Fixture {
  explicit Fixture(FakeService::Script script) : storage(std::move(script)) {
    CallAutomation::Parts parts{parse_endpoint("http://" + acs_host).value(),
                                access_key_credential(key, clock),
                                clock,
                                *ids,
                                {},
                                {},
                                [this](milliseconds time) -> asio::awaitable<void> {
                                  waits.push_back(time);
                                  co_return;
                                }};
    parts.settings.recording_hosts = {{storage.host()}, true};
    parts.settings.recording_part_bytes = 4;
    parts.settings.max_recording_bytes = 1'000;
    client = std::make_unique<CallAutomation>(std::move(parts));
  }

  Result<std::uint64_t> download(const std::string& path = "/v1/objects/doc/content/audio?sig=s%2F") {
    const CallAutomation::Take take = [this](std::uint64_t offset, std::string bytes) -> asio::awaitable<Result<>> {
      if (refuse_from && offset >= *refuse_from) co_return make_error("disk_full", "no room");
      CHECK(offset == got.size());
      got += bytes;
      co_return Result<>{};
    };
    return run(client->download_recording(storage.url() + path, take));
  }

  trunkline::test::ManualClock clock;
  std::unique_ptr<Ids> ids = make_ids(clock);
  FakeService storage;
  std::vector<milliseconds> waits;
  std::string got;
  std::optional<std::uint64_t> refuse_from;
  std::unique_ptr<CallAutomation> client;
};

std::string part_of(const std::string& whole, std::size_t first, std::size_t length,
                    std::optional<std::size_t> total = std::nullopt) {
  const std::string bytes = whole.substr(first, length);
  return answer_of(206, bytes,
                   "Content-Range: bytes " + std::to_string(first) + "-" + std::to_string(first + bytes.size() - 1) +
                       "/" + std::to_string(total.value_or(whole.size())) + "\r\n");
}

/// Serves ranges of four bytes as they are asked for.
std::string serve(const Received& request, std::size_t) {
  const std::string range = request.header("Range");
  const auto first = text::to_uint(std::string_view(range).substr(6, range.find('-') - 6));
  return part_of(content, first.value_or(0), 4);
}

Error failure(const std::vector<std::string>& answers) {
  Fixture fixture(
      [answers](const Received&, std::size_t number) { return answers.at(std::min(number, answers.size() - 1)); });
  const auto done = fixture.download();
  REQUIRE(done.has_error());
  return done.error();
}

std::string refused_host(const std::string& url) {
  const RecordingHosts hosts{{"127.0.0.1:8089", "store.example"}, true};
  const auto place = recording_url(url, hosts);
  REQUIRE(place.has_error());
  CHECK(place.error().code == "recording_url_refused");
  return place.error().message;
}

}  // namespace

TEST_CASE("a recording is fetched in parts, signed as if from the resource itself") {
  Fixture fixture(serve);
  CHECK(fixture.download().value() == content.size());
  CHECK(fixture.got == content);
  const auto received = fixture.storage.received();
  REQUIRE(received.size() == 3);
  CHECK(received[0].header("Range") == "bytes=0-3");
  CHECK(received[2].header("Range") == "bytes=8-11");
  for (const Received& request : received) {
    CHECK(request.method == "GET");
    CHECK(request.target == "/v1/objects/doc/content/audio?sig=s%2F");
    CHECK(request.header("Host") == fixture.storage.host());
    CHECK(request.header("x-ms-host") == acs_host);
    CHECK(request.header("Accept") == "application/json");
    const SignatureHeaders headers{request.header("x-ms-date"), request.header("x-ms-content-sha256"),
                                   request.header("Authorization")};
    const Signable as_signed{"GET", "/v1/objects/doc/content/audio", acs_host, ""};
    CHECK(verify(key, as_signed, headers, fixture.clock.wall()).has_value());
  }
}

TEST_CASE("a recording may come at once, and may be empty") {
  Fixture whole([](const Received&, std::size_t) { return answer_of(200, content); });
  CHECK(whole.download().value() == content.size());
  CHECK(whole.got == content);
  Fixture empty([](const Received&, std::size_t) { return answer_of(416, "", "Content-Range: bytes */0\r\n"); });
  CHECK(empty.download().value() == 0);
  Fixture nothing([](const Received&, std::size_t) { return answer_of(200); });
  CHECK(nothing.download().value() == 0);
}

TEST_CASE("a part that fails is fetched again, and not what came before") {
  Fixture fixture([](const Received& request, std::size_t number) {
    return number == 1 ? answer_of(503, "", "Retry-After: 2\r\n") : serve(request, number);
  });
  CHECK(fixture.download().value() == content.size());
  CHECK(fixture.got == content);
  CHECK(fixture.waits == std::vector<milliseconds>{milliseconds{2'000}});
}

TEST_CASE("parts that do not make a whole are no recording") {
  const std::string first = part_of(content, 0, 4);
  for (const auto& answers :
       std::vector<std::vector<std::string>>{{answer_of(206, "RIFF")},
                                             {answer_of(206, "RIF", "Content-Range: bytes 0-3/12\r\n")},
                                             {part_of(content, 4, 4)},
                                             {part_of(content, 0, 3)},
                                             {part_of(content, 0, 5)},
                                             {first, first},
                                             {first, part_of(content, 4, 4, 13)},
                                             {first, answer_of(200, content)},
                                             {first, answer_of(416, "", "Content-Range: bytes */4\r\n")}}) {
    INFO(answers.back());
    CHECK(failure(answers).code == "provider_failed");
  }
}

TEST_CASE("a recording that is not there, not ours or too large is an error") {
  CHECK(failure({answer_of(404)}).code == "recording_gone");
  const auto refused = failure({answer_of(401, R"({"status":"Unauthorized","message":"no"})")});
  CHECK(refused.code == "provider_failed");
  CHECK(refused.message == "Azure answered with HTTP 401: download recording");
  CHECK(failure({part_of(content, 0, 4, 1'001)}).code == "recording_too_large");
}

TEST_CASE("who cannot take more ends the download") {
  Fixture fixture(serve);
  fixture.refuse_from = 4;
  CHECK(fixture.download().error().code == "disk_full");
  CHECK(fixture.storage.received().size() == 2);
}

TEST_CASE("a recording is deleted with a signed request, and once is enough") {
  int status = 200;
  Fixture fixture([&](const Received&, std::size_t) { return answer_of(status); });
  const std::string url = fixture.storage.url() + "/v1/objects/doc?x=1";
  CHECK(run(fixture.client->delete_recording(url)).has_value());
  status = 404;
  CHECK(run(fixture.client->delete_recording(url)).has_value());
  status = 403;
  CHECK(run(fixture.client->delete_recording(url)).error().code == "provider_failed");
  const Received request = fixture.storage.received().front();
  CHECK(request.method == "DELETE");
  const SignatureHeaders headers{request.header("x-ms-date"), request.header("x-ms-content-sha256"),
                                 request.header("Authorization")};
  CHECK(verify(key, {"DELETE", "/v1/objects/doc", acs_host, ""}, headers, fixture.clock.wall()).has_value());
}

TEST_CASE("a signature is shown to nobody but those who keep recordings") {
  for (const char* url : {"https://us-api.asm.skype.com/v1/objects/0-a/content/audio?x=1",
                          "https://EU-api.ASM.skype.com/a", "https://a.asyncgw.teams.microsoft.com/a",
                          "https://a.ams.gov.teams.microsoft.us/a", "http://127.0.0.1:8089/a"}) {
    INFO(url);
    const RecordingHosts hosts{{"127.0.0.1:8089"}, true};
    CHECK(recording_url(url, hosts).has_value());
  }
  CHECK(recording_url("https://store.example/a", {{"store.example"}, false}).has_value());
  CHECK(recording_url("https://127.0.0.1:8089/a", {{"127.0.0.1:8089"}, false}).has_value());
  CHECK_FALSE(recording_url("http://127.0.0.1:8089/a", {{"127.0.0.1:8089"}, false}).has_value());
  CHECK(refused_host("https://evil.example/a") == "no recording is fetched from https://evil.example");
  for (const char* url :
       {"http://us-api.asm.skype.com/a", "https://asm.skype.com/a", "https://.asm.skype.com/a",
        "https://evilasm.skype.com/a", "https://a.asm.skype.com.evil.example/a",
        "https://a.asm.skype.com@evil.example/a", "https://evil.example/.asm.skype.com", "http://127.0.0.1/a",
        "http://127.0.0.1:8090/a", "http://169.254.169.254/metadata", "http://store.example/a",
        "wss://a.asm.skype.com/a", "file:///etc/passwd", "", "https://a.asm.skype.com./a"}) {
    INFO(url);
    CHECK_FALSE(refused_host(url).empty());
  }
}

TEST_CASE("a download goes on where it is sent to, signed for that, as long as it may") {
  Fixture fixture([](const Received& request, std::size_t number) {
    return request.target == "/moved" ? serve(request, number) : answer_of(302, "", "Location: /moved\r\n");
  });
  CHECK(fixture.download().value() == content.size());
  CHECK(fixture.got == content);
  const auto received = fixture.storage.received();
  REQUIRE(received.size() == 4);  // once to the first place
  const SignatureHeaders headers{received[3].header("x-ms-date"), received[3].header("x-ms-content-sha256"),
                                 received[3].header("Authorization")};
  CHECK(verify(key, {"GET", "/moved", acs_host, ""}, headers, fixture.clock.wall()).has_value());
}

TEST_CASE("a download follows nobody out of the list of hosts, nor for ever") {
  CHECK(failure({answer_of(302, "", "Location: https://evil.example/a\r\n")}).code == "recording_url_refused");
  CHECK(failure({answer_of(307, "", "Location: http://127.0.0.1:9/a\r\n")}).code == "recording_url_refused");
  CHECK(failure({answer_of(308, "", "Location: //evil.example/a\r\n")}).code == "recording_url_refused");
  CHECK(failure({answer_of(301, "", "Location: /round\r\n")}).code == "provider_failed");
  CHECK(failure({answer_of(302)}).code == "provider_failed");
}

TEST_CASE("what a signature covers of a recording's URL is its path as it was named") {
  CHECK(recording_url("https://a.asm.skype.com/v1/a%2Fb/c?x=1&y=/z", {})->signed_target == "/v1/a%2Fb/c");
  CHECK(recording_url("https://a.asm.skype.com", {})->signed_target == "/");
}

TEST_CASE("the range that an answer has is read") {
  const auto range = read_content_range("bytes 4-7/12");
  REQUIRE(range);
  CHECK(range->first == 4);
  CHECK(range->length == 4);
  CHECK(range->total == 12);
  CHECK(read_content_range("Bytes */12")->total == 12);
  for (const char* value : {"", "bytes", "bytes 4-7", "bytes 4-7/*", "bytes 7-4/12", "bytes 4-12/12", "bytes -4/12",
                            "items 4-7/12", "bytes 4-7/12x", "bytes 0-18446744073709551615/18446744073709551615"}) {
    INFO(value);
    CHECK_FALSE(read_content_range(value));
  }
}

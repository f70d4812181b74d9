#include "acs_fixture.hpp"
#include "support/temporary_folder.hpp"

#include <trunkline/providers/acs/signing.hpp>
#include <trunkline/sim/call.hpp>

#include <fstream>

namespace trunkline::sim {
namespace {

namespace acs = providers::acs;
using test::access_key;
using test::ServiceFixture;

/// The simulated service, with a recording of a hundred bytes, and the client that fetches from it.
struct FilesFixture : ServiceFixture {
  FilesFixture() {
    for (int i = 0; i < 100; ++i) content += static_cast<char>('a' + i % 26);
    std::ofstream(folder / "call.wav") << content;
    file = on_worker([this] { return service.keep(folder / "call.wav"); }).value();
    acs::CallAutomation::Parts parts{acs::parse_endpoint(service.endpoint()).value(),
                                     acs::access_key_credential(access_key, system_clock()),
                                     system_clock(),
                                     *ids,
                                     {},
                                     {},
                                     [](milliseconds) -> asio::awaitable<void> { co_return; }};
    parts.settings.recording_hosts = {{parts.endpoint.host}, true};
    parts.settings.recording_part_bytes = 40;
    keeper = std::make_unique<acs::CallAutomation>(std::move(parts));
  }
  std::string fetched() {
    std::string got;
    const acs::CallAutomation::Take take = [&](std::uint64_t, std::string bytes) -> asio::awaitable<Result<>> {
      got += bytes;
      co_return Result<>{};
    };
    const auto done = run(keeper->download_recording(service.endpoint() + file->content() + "?code=x", take));
    return done ? got : done.error().code;
  }
  bool is_fetched() {
    return on_worker([this] { return file->fetched; });
  }
  void misbehave(FileFault fault, std::size_t times) {
    on_worker([&] {
      file->fault = fault;
      file->faults = times;
      return true;
    });
  }

  trunkline::test::TemporaryFolder folder;
  std::string content;
  std::shared_ptr<AcsFile> file;
  std::unique_ptr<acs::CallAutomation> keeper;
};

TEST_CASE("a recording is given in parts to whoever signs for it, until it is removed") {
  FilesFixture fixture;
  CHECK_FALSE(fixture.is_fetched());
  CHECK(fixture.fetched() == fixture.content);
  CHECK(fixture.is_fetched());
  CHECK(fixture.run(fixture.keeper->delete_recording(fixture.service.endpoint() + fixture.file->place())).has_value());
  CHECK(fixture.fetched() == "recording_gone");
}

TEST_CASE("a recording's storage misbehaves as often as it was told to") {
  FilesFixture fixture;
  fixture.misbehave(FileFault::missing, 1);
  CHECK(fixture.fetched() == "recording_gone");
  CHECK(fixture.fetched() == fixture.content);
  fixture.misbehave(FileFault::throttled, 2);
  CHECK(fixture.fetched() == fixture.content);
  fixture.misbehave(FileFault::cut, 3);
  CHECK(fixture.fetched() == fixture.content);
  fixture.misbehave(FileFault::cut, 100);
  CHECK(fixture.fetched() == "provider_unavailable");
}

TEST_CASE("a recording is not given to whoever signs for something else") {
  FilesFixture fixture;
  const auto endpoint = acs::parse_endpoint(fixture.service.endpoint()).value();
  const auto status = [&](const std::string& signed_path, const std::string& host, const std::string& key) {
    const auto headers = acs::sign(key, {"GET", signed_path, host, ""}, system_clock().wall());
    net::ClientRequest request;
    request.url = fixture.service.endpoint() + fixture.file->content() + "?code=x";
    request.headers = {{"x-ms-date", headers.date},
                       {"x-ms-content-sha256", headers.content_hash},
                       {"Authorization", headers.authorization},
                       {"x-ms-host", host}};
    return fixture.run(net::fetch(std::move(request))).value().status;
  };
  const std::string path = fixture.file->content();
  CHECK(status(path, endpoint.host, access_key) == 200);
  CHECK(status(path + "?code=x", endpoint.host, access_key) == 401);
  CHECK(status(path, "other.example", access_key) == 401);
  CHECK(status(path, endpoint.host, "another key") == 401);
  CHECK_FALSE(fixture.on_worker([&] { return fixture.service.keep("/nowhere/call.wav"); }).has_value());
}

}  // namespace
}  // namespace trunkline::sim

#pragma once

#include "unit/calls/service_fixture.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace trunkline::app::test {

using calls::EventType;
using calls::test::run;

/// A call of which its provider has files, on each driver in turn.
struct FetchFixture : calls::test::Fixture {
  std::string call_id = arrive("CA1").call_id;

  /// The id of the recording that a file becomes.
  std::string announce(const std::string& name, const std::string& format = "wav", std::string delete_location = "") {
    calls::StatusUpdate update;
    update.inbox_key = "files/" + name;
    update.provider = "twilio";
    update.provider_call_id = "CA1";
    update.type = EventType::recording_started;
    update.at = clock.wall();
    update.data = R"({"providerRecordingId":"r-)" + name + "\"}";
    calls::ProviderFile file;
    file.recording = "r-" + name;
    file.name = name;
    file.part = 3;
    file.format = format;
    file.location = name;
    file.delete_location = std::move(delete_location);
    file.duration = milliseconds{700};
    update.files.push_back(file);
    REQUIRE(run(service->update(update)).has_value());
    const auto read = [&](store::Sql& sql) -> Result<std::string> {
      return sql.query("SELECT id FROM call_recordings WHERE provider_file = $1", {name}).at(0).text(0);
    };
    return database->read_blocking<std::string>(read).value();
  }
};

}  // namespace trunkline::app::test

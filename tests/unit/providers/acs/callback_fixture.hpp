#pragma once

#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/callback.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <utility>

namespace trunkline::providers::acs::test {

inline constexpr WallTime happened{milliseconds{1'795'608'060'940}};
inline constexpr WallTime now{milliseconds{1'795'608'061'000}};

/// What every callback has, with `more` over it: a null takes a member away.
inline Envelope callback(const std::string& name, const nlohmann::json& more = nlohmann::json::object()) {
  nlohmann::json data = {{"callConnectionId", "421f1d00-1f2a"},
                         {"serverCallId", "aHR0cHM6Ly9h="},
                         {"correlationId", "7b2f0c64-5a1d"},
                         {"operationContext", "op-1"},
                         {"resultInformation", {{"code", 200}, {"subCode", 0}, {"message", "Done."}}}};
  data.merge_patch(more);
  const std::string source = "calling/callConnections/421f1d00-1f2a";
  return {"ev-1", source, "Microsoft.Communication." + name, happened, source, std::move(data)};
}

inline Occurrence occurrence(const Envelope& event) {
  INFO(event.type << ' ' << event.data.dump());
  auto read = read_callback(event, now);
  REQUIRE(read.has_value());
  REQUIRE(std::holds_alternative<Occurrence>(*read));
  return std::get<Occurrence>(std::move(*read));
}

inline std::string why_not(const Envelope& event) {
  INFO(event.type << ' ' << event.data.dump());
  const auto read = read_callback(event, now);
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().code == "invalid_event");
  return read.error().message;
}

}  // namespace trunkline::providers::acs::test

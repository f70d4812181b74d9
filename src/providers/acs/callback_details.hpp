#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/providers/acs/callback.hpp>

#include <nlohmann/json.hpp>

/// What the callbacks have beyond what all of them have: each reads the wire's data into that of the event, which has
/// the common part already. An error says what is missing.
namespace trunkline::providers::acs::details {

using Read = Result<> (*)(const nlohmann::json& wire, Occurrence& out);

Result<> nothing(const nlohmann::json& wire, Occurrence& out);
Result<> participant(const nlohmann::json& wire, Occurrence& out);
Result<> transfer(const nlohmann::json& wire, Occurrence& out);
Result<> invitation(const nlohmann::json& wire, Occurrence& out);
Result<> failed_source(const nlohmann::json& wire, Occurrence& out);
Result<> recognition(const nlohmann::json& wire, Occurrence& out);
Result<> tone(const nlohmann::json& wire, Occurrence& out);
Result<> roster(const nlohmann::json& wire, Occurrence& out);
Result<> recording_state(const nlohmann::json& wire, Occurrence& out);
Result<> recording_id(const nlohmann::json& wire, Occurrence& out);
Result<> streaming(const nlohmann::json& wire, Occurrence& out);
Result<> streaming_trouble(const nlohmann::json& wire, Occurrence& out);
Result<> transcription(const nlohmann::json& wire, Occurrence& out);
Result<> transcription_trouble(const nlohmann::json& wire, Occurrence& out);

/// {id, address} of the identifier under `key`; null when there is none.
nlohmann::json party_at(const nlohmann::json& wire, const char* key);

}  // namespace trunkline::providers::acs::details

#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/providers/acs/http_call.hpp>
#include <trunkline/providers/acs/requests.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What the bodies of all requests are made of.
namespace trunkline::providers::acs::requests {

/// Remembers the first thing that is wrong with a request.
class Check {
 public:
  void that(bool holds, std::string_view field, std::string_view rule) {
    if (holds || error_) return;
    error_ = make_error("invalid_command", std::string(field).append(" ").append(rule));
  }
  /// A text that must be there.
  void needed(std::string_view field, std::string_view value, std::size_t max = 2'048);
  /// One that may be missing.
  void text(std::string_view field, std::string_view value, std::size_t max = 2'048);
  void range(std::string_view field, const std::optional<std::int64_t>& value, std::int64_t min, std::int64_t max);
  void party(std::string_view field, const Identifier& identifier);
  void parties(std::string_view field, const std::vector<Identifier>& identifiers, std::size_t min);
  void caller_id(const std::string& number, bool needed);
  void tones(std::string_view field, std::string_view tones, std::size_t min, std::size_t max);
  void correlation(const Correlation& correlation);
  void setup(const Setup& setup);
  void custom_context(const CustomContext& context);
  void source(std::string_view field, const PlaySource& source);
  void sources(std::string_view field, const std::vector<PlaySource>& sources, std::size_t min);
  void locator(const Locator& locator);

  const std::optional<Error>& error() const { return error_; }

 private:
  std::optional<Error> error_;
};

inline constexpr std::size_t max_context = 16 * 1024;  // of an incoming call; the service names no limit
inline constexpr std::size_t max_participants = 350;   // of a call

/// Writes what is there under its name, and nothing where there is nothing.
void put(nlohmann::json& object, const char* name, const std::string& value);
void put(nlohmann::json& object, const char* name, const std::optional<std::int64_t>& value);
void put(nlohmann::json& object, const char* name, const std::vector<Identifier>& identifiers);
/// `{value}`, as numbers and users are wrapped.
void put_wrapped(nlohmann::json& object, const char* name, const char* key, const std::string& value);
void put(nlohmann::json& object, const Correlation& correlation);
void put(nlohmann::json& object, const CustomContext& context);
void put(nlohmann::json& object, const Setup& setup, std::string_view api_version);

nlohmann::json wire_of(const Locator& locator);
nlohmann::json wire_of(const PlaySource& source);
nlohmann::json wire_of_tones(std::string_view tones);
std::string_view tone_name(char tone);

/// `/calling/callConnections/{call}` and what follows it, with the version.
std::string call_target(const std::string& call, std::string_view rest, std::string_view api_version);

HttpCall make_call(std::string_view operation, std::string method, std::string target, Repeat repeat, int expected);
HttpCall make_call(std::string_view operation, std::string target, const nlohmann::json& body, Repeat repeat,
                   int expected);

/// The call, unless something was wrong.
inline Result<HttpCall> unless_wrong(const Check& check, HttpCall call) {
  if (check.error()) return *check.error();
  return call;
}

}  // namespace trunkline::providers::acs::requests

#pragma once

#include "sim/acs_calls.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::sim {

struct AcsRequest {
  std::string method;
  std::string path;  ///< percent-encoded still
  std::string api_version;
  std::string body;
};

/// Carries out one request that was found to be signed well: all operations of Call Automation, with the shapes and
/// statuses of the real one. Unknown calls are 404 with the code 8522, unknown addresses 404 without.
AcsReply carry_out(AcsCalls& calls, const AcsRequest& request);

/// Reads the members of a body and remembers the first that is wrong. Names are as the wire has them.
class AcsFields {
 public:
  explicit AcsFields(const nlohmann::json& body) : body_(body) {}

  std::string text(const char* name, bool needed = true);
  std::string url(const char* name, bool needed = true);
  std::string word(const char* name, std::string_view words, std::string standard);  ///< of a list with blanks between
  bool flag(const char* name);
  std::int64_t number(const char* name, std::int64_t min, std::int64_t max, std::int64_t standard);
  providers::acs::Identifier party(const char* name, bool needed = true);
  std::vector<providers::acs::Identifier> parties(const char* name, std::size_t min);
  std::vector<std::string> tones(const char* name, std::size_t min, std::size_t max);
  /// An empty object when it is not there.
  const nlohmann::json& object(const char* name, bool needed = false);
  const nlohmann::json& array(const char* name, std::size_t min);

  void that(bool holds, std::string_view name, std::string_view problem);
  /// 400 with what was wrong first.
  std::optional<AcsReply> refusal() const;

 private:
  const nlohmann::json* member(const char* name, bool needed);

  const nlohmann::json& body_;
  std::string problem_;
};

/// One thing that can be done in a call.
using AcsOperation = AcsReply (*)(AcsCalls& calls, AcsCall& call, const nlohmann::json& body);

/// `0` to `9`, `*`, `#` and `A` to `D` as the wire calls them, `pound`; empty: none of these.
std::string_view acs_tone_name(char key);

// Of acs_operations_media.cpp, by what follows the call's id in the path; nothing when it is none of these.
AcsOperation find_media_operation(std::string_view action);
// Of acs_participants.cpp.
AcsOperation find_participant_operation(const AcsRequest& request, std::string_view action);
AcsReply get_participant(AcsCall& call, const std::string& raw_id);
// Of acs_recordings.cpp; `rest` is what follows `/recordings` in the path.
AcsReply carry_out_recording(AcsCalls& calls, const AcsRequest& request, std::string_view rest,
                             const nlohmann::json& body);

/// Context and callback of an operation, as an event about it wants them.
struct AcsCorrelation {
  nlohmann::json context;  ///< null when there is none
  std::string callback_uri;
};
AcsCorrelation correlation_of(AcsFields& fields);
/// `{"operationContext"}`, as most operations answer.
AcsReply with_context(int status, const AcsCorrelation& correlation);

}  // namespace trunkline::sim

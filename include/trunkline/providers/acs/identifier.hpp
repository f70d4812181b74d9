#pragma once

#include <trunkline/base/result.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <string_view>

/// Azure Communication Services: what Call Automation and Event Grid say, and what is said to them.
namespace trunkline::providers::acs {

/// One party, as a CommunicationIdentifier of the wire.
struct Identifier {
  enum class Kind : std::uint8_t { phone, user, teams_user, teams_app, teams_extension, unknown };

  Kind kind = Kind::unknown;
  std::string raw_id;      ///< names the party alone: `4:+16045551234`, `8:acs:...`, `28:orgid:...`
  std::string phone;       ///< E.164, of a phone; empty when it is withheld or no such number (an extension of an SBC)
  bool anonymous = false;  ///< a withheld number, or a visitor of a Teams meeting

  friend bool operator==(const Identifier&, const Identifier&) = default;
};

/// Reads the wire's object. A missing `kind`, or one that is new to us, follows from the nested object, else from the
/// raw id; a missing raw id from the nested object. Error `invalid_identifier`: no object, nothing that names a party,
/// a raw id of more than 512 bytes or with control characters, several nested objects, or one that contradicts `kind`.
Result<Identifier> read_identifier(const nlohmann::json& wire);

/// Of a number in E.164 form.
Identifier phone_number(std::string e164);

/// By the prefix; what has none that is known is of unknown kind.
Identifier from_raw_id(std::string_view raw_id);

/// As requests have it: kind, rawId and the nested object.
nlohmann::json to_wire(const Identifier& identifier);

/// How the party is shown and routed by: the number of a phone, else the raw id.
std::string address_of(const Identifier& identifier);

}  // namespace trunkline::providers::acs

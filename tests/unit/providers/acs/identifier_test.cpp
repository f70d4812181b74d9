#include <trunkline/providers/acs/identifier.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <string>

using namespace trunkline::providers::acs;
using nlohmann::json;
using Kind = Identifier::Kind;

namespace {

Identifier read(const char* wire) {
  INFO(wire);
  const auto identifier = read_identifier(json::parse(wire));
  REQUIRE(identifier.has_value());
  return *identifier;
}

std::string why_not(const json& wire) {
  const auto identifier = read_identifier(wire);
  REQUIRE_FALSE(identifier.has_value());
  CHECK(identifier.error().code == "invalid_identifier");
  return identifier.error().message;
}

const std::string user = "8:acs:0a1b2c3d-0000-4000-8000-000000000001_0000001d-aaaa";
const std::string extension = "8:acs:11111111-a_22222222-b_33333333-c";

}  // namespace

TEST_CASE("a phone is known by its kind, its nested object or its raw id") {
  const Identifier expected{Kind::phone, "4:+16045551234", "+16045551234", false};
  CHECK(read(R"({"kind":"phoneNumber","rawId":"4:+16045551234","phoneNumber":{"value":"+16045551234"}})") == expected);
  CHECK(read(R"({"kind":"PhoneNumber","rawID":"4:+16045551234","phoneNumber":{"value":"+16045551234"}})") == expected);
  CHECK(read(R"({"rawId":"4:+16045551234","phoneNumber":{"value":"+16045551234"}})") == expected);
  CHECK(read(R"({"phoneNumber":{"value":"+16045551234"}})") == expected);
  CHECK(read(R"({"rawId":"4:+16045551234"})") == expected);
  CHECK(read(R"({"kind":"phoneNumber","rawId":"4:+16045551234"})") == expected);
  CHECK(read(R"({"kind":"unknown","rawId":"4:+16045551234","communicationUser":null})") == expected);
  CHECK(phone_number("+16045551234") == expected);
  CHECK(from_raw_id("4:+16045551234") == expected);
  CHECK(address_of(expected) == "+16045551234");
}

TEST_CASE("a number that is withheld, asserted or none of E.164 is still a phone") {
  CHECK(read(R"({"rawId":"4:anonymous"})") == Identifier{Kind::phone, "4:anonymous", "", true});
  CHECK(read(R"({"phoneNumber":{"isAnonymous":true}})") == Identifier{Kind::phone, "4:anonymous", "", true});
  CHECK(read(R"({"rawId":"4:+16045551234_asserted"})") ==
        Identifier{Kind::phone, "4:+16045551234_asserted", "+16045551234", false});
  CHECK(read(R"({"rawId":"4:1234","phoneNumber":{"value":"1234"}})") == Identifier{Kind::phone, "4:1234", "", false});
  CHECK(address_of(from_raw_id("4:1234")) == "4:1234");
}

TEST_CASE("the raw id's prefix tells the kind") {
  struct Row {
    std::string raw_id;
    Kind kind;
    bool anonymous;
  };
  const auto row =
      GENERATE_REF(Row{user, Kind::user, false}, Row{extension, Kind::teams_extension, false},
                   Row{"8:gcch-acs:a_b_c", Kind::teams_extension, false}, Row{"8:spool:a_b", Kind::user, false},
                   Row{"8:dod-acs:a_b", Kind::user, false}, Row{"8:gcch-acs:a_b", Kind::user, false},
                   Row{"8:orgid:u", Kind::teams_user, false}, Row{"8:dod:u", Kind::teams_user, false},
                   Row{"8:gcch:u", Kind::teams_user, false}, Row{"8:teamsvisitor:u", Kind::teams_user, true},
                   Row{"28:orgid:a", Kind::teams_app, false}, Row{"28:dod:a", Kind::teams_app, false},
                   Row{"28:gcch:a", Kind::teams_app, false}, Row{"28:a", Kind::unknown, false},
                   Row{"8:live:x", Kind::unknown, false}, Row{"48:conf", Kind::unknown, false});
  CAPTURE(row.raw_id);
  const Identifier expected{row.kind, row.raw_id, "", row.anonymous};
  CHECK(from_raw_id(row.raw_id) == expected);
  CHECK(address_of(expected) == row.raw_id);
  SECTION("and what is written is read again") {
    const auto again = read_identifier(to_wire(expected));
    REQUIRE(again.has_value());
    CHECK(*again == expected);
  }
  SECTION("and the nested object alone gives the same raw id") {
    json wire = to_wire(expected);
    wire.erase("kind");
    wire.erase("rawId");
    if (expected.kind == Kind::unknown) {
      CHECK(why_not(wire) == "names nobody");
    } else {
      const auto again = read_identifier(wire);
      REQUIRE(again.has_value());
      CHECK(again->raw_id == row.raw_id);
      CHECK(again->kind == expected.kind);
    }
  }
}

TEST_CASE("what is written names the kind, the raw id and the nested object") {
  CHECK(to_wire(phone_number("+18005550100")) ==
        json::parse(R"({"kind":"phoneNumber","rawId":"4:+18005550100","phoneNumber":{"value":"+18005550100"}})"));
  CHECK(to_wire(from_raw_id(user)) ==
        json{{"kind", "communicationUser"}, {"rawId", user}, {"communicationUser", {{"id", user}}}});
  CHECK(to_wire(from_raw_id("8:gcch:u")) ==
        json::parse(
            R"({"kind":"microsoftTeamsUser","rawId":"8:gcch:u","microsoftTeamsUser":{"userId":"u","cloud":"gcch"}})"));
  CHECK(to_wire(from_raw_id("28:orgid:a")) ==
        json::parse(
            R"({"kind":"microsoftTeamsApp","rawId":"28:orgid:a","microsoftTeamsApp":{"appId":"a","cloud":"public"}})"));
  CHECK(to_wire(from_raw_id(extension))["teamsExtensionUser"] ==
        json::parse(R"({"resourceId":"11111111-a","tenantId":"22222222-b","userId":"33333333-c","cloud":"public"})"));
  CHECK(to_wire(from_raw_id("48:conf")) == json::parse(R"({"kind":"unknown","rawId":"48:conf"})"));
  CHECK(to_wire(from_raw_id("4:anonymous"))["phoneNumber"] ==
        json::parse(R"({"value":"anonymous","isAnonymous":true})"));
  CHECK(to_wire(from_raw_id("4:+16045551234_a"))["phoneNumber"] ==
        json::parse(R"({"value":"+16045551234","assertedId":"a"})"));
}

TEST_CASE("a kind that is new is unknown, and is kept by its raw id") {
  CHECK(read(R"({"kind":"hologram","rawId":"99:x","hologram":{"id":"x"}})") ==
        Identifier{Kind::unknown, "99:x", "", false});
}

TEST_CASE("a kind that is told goes before the raw id's, and only phones have numbers") {
  CHECK(read(R"({"kind":"communicationUser","rawId":"4:+16045551234"})") ==
        Identifier{Kind::user, "4:+16045551234", "", false});
  CHECK(read(R"({"rawId":"4:+16045551234","phoneNumber":{"value":"+16045559999"}})").phone == "+16045559999");
  CHECK(read(R"({"rawId":"48:x","microsoftTeamsUser":{"isAnonymous":true}})") ==
        Identifier{Kind::teams_user, "48:x", "", true});
  CHECK(read(R"({"rawId":"8:acs:a_b","communicationUser":{"isAnonymous":true}})").anonymous == false);
}

TEST_CASE("what names nobody, or two, is refused") {
  CHECK(why_not(json::array()) == "must be an object");
  CHECK(why_not(nullptr) == "must be an object");
  CHECK(why_not("4:+16045551234") == "must be an object");
  CHECK(why_not(json::object()) == "names nobody");
  CHECK(why_not({{"rawId", 4}}) == "names nobody");
  CHECK(why_not({{"phoneNumber", {{"value", 4}}}}) == "names nobody");
  CHECK(why_not({{"microsoftTeamsUser", {{"cloud", "dod"}}}}) == "names nobody");
  CHECK(why_not({{"teamsExtensionUser", {{"tenantId", "t"}}}}) == "names nobody");
  CHECK(why_not({{"phoneNumber", {{"value", "+16045551234"}}}, {"communicationUser", {{"id", user}}}}) ==
        "has more than one nested identifier");
  CHECK(why_not({{"kind", "communicationUser"}, {"phoneNumber", {{"value", "+16045551234"}}}}) ==
        "its kind and its nested identifier contradict each other");
  CHECK(why_not({{"rawId", std::string(513, 'x')}}) == "its raw id is too long or has control characters");
  CHECK(why_not({{"rawId", "4:+1\r\nx"}}) == "its raw id is too long or has control characters");
}

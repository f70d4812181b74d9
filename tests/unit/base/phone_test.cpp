#include <trunkline/base/phone.hpp>

#include <catch2/catch.hpp>

#include <string>

using namespace trunkline::phone;

TEST_CASE("E.164 is a plus and 2 to 15 digits that do not begin with 0") {
  for (const auto* number : {"+4989123456", "+12", "+123456789012345"}) CHECK(is_e164(number));
  for (const auto* number : {"", "+", "+1", "+0123", "+1234567890123456", "4989123456", "+49 89", "+49a", "++49"}) {
    INFO(number);
    CHECK_FALSE(is_e164(number));
  }
}

TEST_CASE("numbers, clients, SIP addresses, short codes and withheld callers are parties") {
  for (const auto* party : {"+4989123456", "client:alice", "client:a.b@c", "sip:bob@example.com", "sips:b@h:5061;x=y",
                            "anonymous", "Anonymous", "RESTRICTED", "unavailable", "unknown", "911", "123456"}) {
    INFO(party);
    CHECK(is_party(party));
  }
}

TEST_CASE("everything else is not a party") {
  for (const auto* party : {"", "client:", "client:a b", "client:\x01", "client:\xC3\xBC", "sip:", "sip:bob",
                            "sip:@host", "sip:bob@", "tel:+49", "12", "1234567", "12a", "anonymousx", "<script>"}) {
    INFO(party);
    CHECK_FALSE(is_party(party));
  }
  CHECK(is_party("client:" + std::string(249, 'a')));
  CHECK_FALSE(is_party("client:" + std::string(250, 'a')));
}

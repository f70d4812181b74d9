#include <trunkline/providers/twilio/twiml.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::providers::twilio;
using namespace trunkline::providers::twilio::twiml;

namespace {

const std::string head = R"(<?xml version="1.0" encoding="UTF-8"?>)";

std::string xml_of(Verb verb) {
  return to_xml({{std::move(verb)}}).value();
}
std::string response(const std::string& inside) {
  return head + "<Response>" + inside + "</Response>";
}
std::string problem_of(std::string_view text) {
  return parse_twiml(text).error().message;
}

Document one_of_each() {
  return {{Say{"Grüß Gott & <hello> \"you\"\r\n", "de-DE", "Polly.Vicki"}, Pause{3},
           Play{"https://gw.example/a.wav?x=1&y=2", {}}, Play{{}, "1w2"},
           Connect{{"wss://gw.example/m", "call_1", {}, "https://gw.example/s", {{"token", "a\"b<c>\t\n"}, {"n", ""}}},
                   "https://gw.example/after"},
           Start{{"wss://gw.example/m", "x", "both_tracks", {}, {}}},
           Dial{"+4989123456", "+15550100001", "https://gw.example/d", 20}, Redirect{"https://gw.example/next", "POST"},
           Dial{"client:bob", {}, {}, {}}, Dial{"sip:bob@gw.example", {}, {}, {}}, Reject{"busy"}, Hangup{}}};
}

}  // namespace

TEST_CASE("each verb is written in its shape") {
  CHECK(to_xml({}).value() == head + "<Response/>");
  CHECK(xml_of(Hangup{}) == response("<Hangup/>"));
  CHECK(xml_of(Pause{2}) == response(R"(<Pause length="2"/>)"));
  CHECK(xml_of(Reject{"busy"}) == response(R"(<Reject reason="busy"/>)"));
  CHECK(xml_of(Reject{}) == response("<Reject/>"));
  CHECK(xml_of(Say{"hi", "en-US", {}}) == response(R"(<Say language="en-US">hi</Say>)"));
  CHECK(xml_of(Play{"https://h/a.wav", {}}) == response("<Play>https://h/a.wav</Play>"));
  CHECK(xml_of(Redirect{"https://h/", "POST"}) == response(R"(<Redirect method="POST">https://h/</Redirect>)"));
  CHECK(xml_of(Dial{"client:bob", {}, {}, {}}) == response("<Dial><Client>bob</Client></Dial>"));
  CHECK(xml_of(Dial{"sip:a&b@h", {}, {}, {}}) == response("<Dial><Sip>sip:a&amp;b@h</Sip></Dial>"));
  CHECK(xml_of(Dial{"+491", {}, {}, 5}) == response(R"(<Dial timeout="5"><Number>+491</Number></Dial>)"));
  CHECK(
      xml_of(Connect{{"wss://h/m", "n", {}, {}, {{"token", "t"}}}, {}}) ==
      response(R"(<Connect><Stream url="wss://h/m" name="n"><Parameter name="token" value="t"/></Stream></Connect>)"));
  CHECK(xml_of(Start{{"wss://h/m", {}, "both_tracks", "https://h/s", {}}}) ==
        response(R"(<Start><Stream url="wss://h/m" track="both_tracks" statusCallback="https://h/s"/></Start>)"));
}

TEST_CASE("text and attributes are escaped as the provider's own builder does") {
  CHECK(xml_of(Say{"a&b<c>d\"e'f\tg\nh\ri", {}, {}}) == response("<Say>a&amp;b&lt;c&gt;d\"e'f\tg\nh&#xD;i</Say>"));
  CHECK(xml_of(Reject{"a&b<c>d\"e'f\tg\nh\ri"}) ==
        response(R"(<Reject reason="a&amp;b&lt;c>d&quot;e'f&#x9;g&#xA;h&#xD;i"/>)"));
}

TEST_CASE("what XML cannot carry is left out") {
  CHECK(xml_of(Say{std::string("a\0b\x01\x1F", 5) + "c", {}, {}}) == response("<Say>abc</Say>"));
  CHECK(xml_of(Say{"a\xFF\xC0\x80\xED\xA0\x80z", {}, {}}) == response("<Say>az</Say>"));
  CHECK(xml_of(Say{"a\xEF\xBF\xBE\xEF\xBF\xBFz", {}, {}}) == response("<Say>az</Say>"));
  CHECK(xml_of(Say{"\xC3\xBC\xF0\x9F\x98\x80\x7F", {}, {}}) == response("<Say>\xC3\xBC\xF0\x9F\x98\x80\x7F</Say>"));
}

TEST_CASE("a document over 64 kB is refused in both directions") {
  const std::string frame = xml_of(Say{"", {}, {}});
  const std::size_t room = max_document_bytes - xml_of(Say{"x", {}, {}}).size() + 1;
  CHECK(xml_of(Say{std::string(room, 'x'), {}, {}}).size() == max_document_bytes);
  CHECK(to_xml({{Say{std::string(room + 1, 'x'), {}, {}}}}).error().code == "twiml_too_large");
  CHECK(to_xml({{Say{std::string(room / 3, '<'), {}, {}}}}).error().code == "twiml_too_large");
  CHECK(parse_twiml(frame + std::string(max_document_bytes, ' ')).error().code == "twiml_too_large");
}

TEST_CASE("every verb comes back as it was written") {
  const Document document = one_of_each();
  CHECK(parse_twiml(to_xml(document).value()).value() == document);
}

TEST_CASE("documents of other makers are read") {
  const auto document = parse_twiml(
      "\xEF\xBB\xBF<?xml version='1.0'?>\r\n<!-- hello --><?php x ?>\n"
      "<Response >\n <Say voice = 'alice'><![CDATA[a < b\r\n]]>&#65;&#x42;&apos;</Say>\n"
      " <!-- - --> <Dial>\n +4989123456 \n</Dial><Pause/><Play\n>u</Play>\r\n"
      "</Response>\n<!-- end -->\n");
  REQUIRE(document.has_value());
  CHECK(*document ==
        Document{{Say{"a < b\nAB'", {}, "alice"}, Dial{"+4989123456", {}, {}, {}}, Pause{1}, Play{"u", {}}}});
}

TEST_CASE("unknown attributes are passed over") {
  CHECK(parse_twiml(R"(<Response><Say loop="2">x</Say></Response>)").value() == Document{{Say{"x", {}, {}}}});
}

TEST_CASE("malformed XML is refused with the line") {
  CHECK(problem_of("<Response>\n<Say>\n</Response>") == "line 3: <Say> is closed by </Response");
  CHECK(problem_of("") == "line 1: an element is missing");
  for (const std::string_view text : {"<Response>",
                                      "<Response",
                                      "<Response/",
                                      "<Response/><Response/>",
                                      "<Response/>x",
                                      "x<Response/>",
                                      " <?xml version=\"1.0\"?><Response/>",
                                      "<?xml version=\"1.0\"",
                                      "<Response a=1/>",
                                      "<Response a/>",
                                      "<Response a=\"1\"b=\"2\"/>",
                                      "<Response a=\"1\" a=\"2\"/>",
                                      "<Response a=\"<\"/>",
                                      "<Response a=\"1/>",
                                      "<Response>&nbsp;</Response>",
                                      "<Response>& </Response>",
                                      "<Response>&amp</Response>",
                                      "<Response>&#0;</Response>",
                                      "<Response>&#xD800;</Response>",
                                      "<Response>&#x110000;</Response>",
                                      "<Response>&#99999999999;</Response>",
                                      "<Response>&#x;</Response>",
                                      "<Response>]]></Response>",
                                      "<Response><!-- a -- b --></Response>",
                                      "<Response><!-- a</Response>",
                                      "<Response><![CDATA[a</Response>",
                                      "<Response><?xml?></Response>",
                                      "<Response><?a</Response>",
                                      "<Response>\x01</Response>",
                                      "<Response>\xFF</Response>",
                                      "<Response>\xEF\xBF\xBE</Response>",
                                      "< Response/>",
                                      "<1/>",
                                      "<!DOCTYPE r [<!ENTITY a \"b\">]><Response/>",
                                      "<Response><!DOCTYPE a></Response>",
                                      "<response></Response>"}) {
    INFO(text);
    const auto result = parse_twiml(text);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == "invalid_xml");
  }
}

TEST_CASE("elements nest sixteen deep and no deeper") {
  std::string open;
  std::string close;
  for (int i = 0; i < 15; ++i) {
    open += "<a>";
    close += "</a>";
  }
  CHECK(problem_of("<Response>" + open + close + "</Response>") == "<a> is not a verb that is understood here");
  CHECK(problem_of("<Response>" + open + "<a/>" + close + "</Response>") == "line 1: elements nest too deep");
}

TEST_CASE("well-formed documents that say nothing sensible are refused") {
  for (const std::string_view text :
       {"<response/>", "<Response><say>x</say></Response>", "<Response><Gather/></Response>",
        "<Response><Connect/></Response>", "<Response><Connect><Stream/></Connect></Response>",
        "<Response><Start><Stream url='u'/><Stream url='u'/></Start></Response>",
        "<Response><Start><Recording/></Start></Response>",
        "<Response><Connect><Stream url='u'><Say/></Stream></Connect></Response>",
        "<Response><Dial><Number/></Dial></Response>", "<Response><Dial><Queue>a</Queue></Dial></Response>",
        "<Response><Dial timeout='x'>+491</Dial></Response>", "<Response><Dial/></Response>",
        "<Response><Pause length='-1'/></Response>", "<Response><Pause length='4294967296'/></Response>",
        "<Response><Redirect/></Response>", "<Response><Play/></Response>"}) {
    INFO(text);
    const auto result = parse_twiml(text);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == "invalid_twiml");
  }
}

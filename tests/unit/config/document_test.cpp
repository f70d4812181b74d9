#include "config/document.hpp"

#include "unit/config/fake_inputs.hpp"

#include <catch2/catch.hpp>

using namespace trunkline::config;
using Catch::Contains;
using trunkline::config::test::problem_of;
using trunkline::config::test::with_yaml;

TEST_CASE("options are found by path, lists joined by commas") {
  const Document document =
      parse_document("data_dir: d\nserver:\n  cors_origins: [https://a, https://b]\n  port: 99\n");
  CHECK(document.problems.empty());
  CHECK(document.values == std::map<std::string, std::string>{{"data_dir", "d"},
                                                              {"server.cors_origins", "https://a,https://b"},
                                                              {"server.port", "99"}});
}

TEST_CASE("an empty file, and a key without a value, say nothing") {
  CHECK(parse_document("").problems.empty());
  const Document document = parse_document("# only a comment\nserver:\nlog:\n  level:\n");
  CHECK(document.problems.empty());
  CHECK(document.values.empty());
}

TEST_CASE("what is wrong with a file is said with its place") {
  const auto [yaml, name, problem] = GENERATE(table<std::string, std::string, std::string>({
      {"severs: {port: 1}", "severs", "is not known; did you mean server?"},
      {"log:\n  level: info\n  leve: info", "log.leve", "did you mean log.level? (line 3)"},
      {"zzzzzzzzzzzzzzzz: 1", "zzzzzzzzzzzzzzzz", "is not known"},
      {"server: 8080", "server", "is a section, not a value"},
      {"server: {port: {a: 1}}", "server.port", "is neither a value nor a list of values"},
      {"server: {cors_origins: [[a]]}", "server.cors_origins", "holds more than plain values"},
      {"data_dir: a\ndata_dir: b", "data_dir", "is given twice (line 2)"},
      {"- a\n- b", "configuration file", "does not hold keys and values"},
      {"a: [1", "configuration file", "is not YAML"},
      {"server: {tls_cert_file_file: x}", "server.tls_cert_file_file", "is not known"},
  }));
  const Document document = parse_document(yaml);
  REQUIRE(document.problems.size() == 1);
  CHECK(document.problems[0].name == name);
  CHECK_THAT(document.problems[0].problem, Contains(problem));
}

TEST_CASE("an example of what belongs into the file can be put there") {
  const std::string yaml = GENERATE("- a", "a: [1", "server: 8080", "log: info", "security: x", "twilio: x",
                                    "deepgram: x", "speech: x", "recording: x", "calls: 3", "routes: {name: a}");
  INFO(yaml);
  const Document document = parse_document(yaml);
  REQUIRE(document.problems.size() == 1);
  REQUIRE_FALSE(document.problems[0].example.empty());
  const Document right = parse_document(document.problems[0].example);
  CHECK(right.problems == std::vector<Problem>{});
  CHECK(right.values.size() + right.routes.size() == 1);
}

TEST_CASE("a route is read with every key") {
  const auto loaded = with_yaml(R"(
routes:
  - name: sales
    provider: twilio
    to: "+1415555*"
    from: +49*
    greeting: >
      Welcome to
      sales.
    announcement: This call is recorded.
    record: yes
    transcribe: false
    engine: embedded
    language: en-GB
    phrases: [billing, "yes, please"]
    dial: "+14155550123"
    caller_id: sip:desk@example.com
  - name: closed
    reject: busy
)")
                          .load();
  REQUIRE(loaded.problems == std::vector<Problem>{});
  REQUIRE(loaded.settings.routes.size() == 2);
  const Route& sales = loaded.settings.routes[0];
  CHECK(sales.name == "sales");
  CHECK(sales.provider == "twilio");
  CHECK(sales.to == "+1415555*");
  CHECK(sales.from == "+49*");
  CHECK(sales.greeting == "Welcome to sales.");
  CHECK(sales.announcement == "This call is recorded.");
  CHECK(sales.record);
  CHECK_FALSE(sales.transcribe);
  CHECK(sales.engine == "embedded");
  CHECK(sales.language == "en-GB");
  CHECK(sales.phrases == std::vector<std::string>{"billing", "yes, please"});
  CHECK(sales.dial == "+14155550123");
  CHECK(sales.caller_id == "sip:desk@example.com");
  CHECK(loaded.settings.routes[1].reject == "busy");
  CHECK(loaded.settings.routes[1].transcribe);
}

TEST_CASE("what is wrong with a route is said with its place") {
  const auto [route, name, problem] = GENERATE(table<std::string, std::string, std::string>({
      {"{name: a, greetin: x}", "routes[0].greetin", "is not known; did you mean greeting?"},
      {"{greeting: x}", "routes[0].name", "is missing"},
      {"{name: a, name: b}", "routes[0].name", "is given twice"},
      {"{name: a, to: '+1*5'}", "routes[0].to", "at its end only"},
      {"{name: a, engine: whisper}", "routes[0].engine", "is not one of deepgram, embedded"},
      {"{name: a, record: perhaps}", "routes[0].record", "is neither true nor false"},
      {"{name: a, language: english please}", "routes[0].language", "is not a language tag"},
      {"{name: a, dial: anonymous}", "routes[0].dial", "is neither a number in E.164"},
      {"{name: a, caller_id: '+14155550123'}", "routes[0].caller_id", "means nothing without dial"},
      {"{name: a, dial: '+14155550123', reject: busy}", "routes[0].dial", "cannot be combined with reject"},
      {"{name: a, reject: maybe}", "routes[0].reject", "is not one of rejected, busy"},
      {"{name: a, greeting: [x]}", "routes[0].greeting", "is not a plain value"},
      {"{name: a, phrases: {x: y}}", "routes[0].phrases", "is neither a value nor a list of values"},
      {"sales", "routes[0]", "is not a route"},
      {"{name: a, engine: deepgram}", "DEEPGRAM_API_KEY", "route 'a' asks for deepgram"},
  }));
  const auto loaded = with_yaml("routes:\n  - " + route + "\n").load();
  REQUIRE(loaded.problems.size() == 1);
  CHECK(loaded.problems[0].name == name);
  CHECK_THAT(loaded.problems[0].problem, Contains(problem));
}

TEST_CASE("route names are unique, and routes are a list of bounded length") {
  CHECK_THAT(problem_of(with_yaml("routes: [{name: a}, {name: a}]").load(), "routes[1].name").problem,
             Contains("'a' is the name of an earlier route"));
  CHECK_THAT(problem_of(with_yaml("routes: {name: a}").load(), "routes").problem, Contains("is not a list"));
  std::string many = "routes:\n";
  for (int i = 0; i < 1001; ++i) many += "- {name: r" + std::to_string(i) + "}\n";
  CHECK_THAT(problem_of(with_yaml(many).load(), "routes").problem, Contains("more than 1000"));
  std::string phrases = "routes: [{name: a, phrases: [p";
  for (int i = 0; i < 500; ++i) phrases += ", p";
  CHECK_THAT(problem_of(with_yaml(phrases + "]}]").load(), "routes[0].phrases").problem, Contains("more than 500"));
}

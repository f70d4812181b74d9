#include <trunkline/providers/twilio/signature.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>

using namespace trunkline;
using namespace trunkline::providers::twilio;

namespace {

nlohmann::json vectors() {
  std::ifstream file(TRUNKLINE_SOURCE_DIR "/tests/data/twilio/twilio-signature-vectors.json");
  return nlohmann::json::parse(file)["vectors"];
}

Params params_of(const nlohmann::json& vector) {
  Params params;
  for (const auto& pair : vector["params"]) params.emplace_back(pair[0], pair[1]);
  return params;
}

const std::vector<std::string> tokens = {"12345"};

}  // namespace

TEST_CASE("every published signature is judged as a gateway should") {
  const auto all = vectors();
  REQUIRE(all.size() == 41);
  for (const auto& vector : all) {
    INFO(vector["id"]);
    const std::vector<std::string> token = {vector["auth_token"]};
    const std::string url = vector["url"];
    const std::string signature = vector["x_twilio_signature"];
    const bool accepted = vector["kind"] == "json"
                              ? json_signature_matches(token, url, vector["json_body"].get<std::string>(), signature)
                              : signature_matches(token, url, params_of(vector), signature);
    CHECK(accepted == vector["gateway_should_accept"].get<bool>());
  }
}

TEST_CASE("signing gives what the provider's own library gives") {
  for (const auto& vector : vectors()) {
    if (!vector.contains("string_to_sign")) continue;
    INFO(vector["id"]);
    const std::string url = vector.value("url_twilio_signed", vector["url"].get<std::string>());
    CHECK(sign(vector["auth_token"].get<std::string>(), url, params_of(vector)) == vector["x_twilio_signature"]);
  }
}

TEST_CASE("the raw form bodies of the vectors parse to their parameters") {
  for (const auto& vector : vectors()) {
    if (!vector.contains("raw_form_body")) continue;
    INFO(vector["id"]);
    CHECK(parse_form(vector["raw_form_body"].get<std::string>()).value() == params_of(vector));
  }
}

TEST_CASE("any of several tokens may have signed") {
  const std::string url = "https://gw.example/voice";
  const std::vector<std::string> rotation = {"new", "old"};
  CHECK(signature_matches(rotation, url, {}, sign("new", url, {})));
  CHECK(signature_matches(rotation, url, {}, sign("old", url, {})));
  CHECK_FALSE(signature_matches(rotation, url, {}, sign("stolen", url, {})));
}

TEST_CASE("an empty token, no token and an empty signature never match") {
  const std::string url = "https://gw.example/voice";
  const std::vector<std::string> empty = {""};
  CHECK_FALSE(signature_matches(empty, url, {}, sign("", url, {})));
  CHECK_FALSE(signature_matches({}, url, {}, sign("12345", url, {})));
  CHECK_FALSE(signature_matches(tokens, url, {}, ""));
  CHECK_FALSE(signature_matches(tokens, url, {}, sign("12345", url, {}) + "="));
}

TEST_CASE("a changed, added or missing parameter breaks a signature") {
  const std::string url = "https://gw.example/voice";
  const std::string signature = sign("12345", url, {{"From", "+4989123456"}});
  CHECK(signature_matches(tokens, url, {{"From", "+4989123456"}}, signature));
  CHECK_FALSE(signature_matches(tokens, url, {{"From", "+4989123457"}}, signature));
  CHECK_FALSE(signature_matches(tokens, url, {{"From", "+4989123456"}, {"To", ""}}, signature));
  CHECK_FALSE(signature_matches(tokens, url, {}, signature));
}

TEST_CASE("the URLs tried are those of the rule, each once") {
  using List = std::vector<std::string>;
  CHECK(signed_url_candidates("https://h/p") == List{"https://h/p", "https://h:443/p"});
  CHECK(signed_url_candidates("wss://h/p") == List{"wss://h/p", "wss://h:443/p"});
  CHECK(signed_url_candidates("ws://h/p") == List{"ws://h/p", "ws://h:80/p"});
  CHECK(signed_url_candidates("http://h:8080/p#frag?x='") == List{"http://h/p", "http://h:8080/p"});
  CHECK(signed_url_candidates("https://u:12@h?a='") ==
        List{"https://u:12@h?a='", "https://u:12@h?a=%27", "https://u:12@h:443?a='", "https://u:12@h:443?a=%27"});
  CHECK(signed_url_candidates("https://[::1]:9/p'?a='%27").size() == 6);
  CHECK(signed_url_candidates("https://[::1]/").back() == "https://[::1]:443/");
  CHECK(signed_url_candidates("no url") == List{"no url"});
  CHECK(signed_url_candidates("") == List{""});
}

TEST_CASE("a JSON body needs its hash in the signed URL") {
  const std::string url = "https://gw.example/x";
  CHECK_FALSE(json_signature_matches(tokens, url, "{}", sign("12345", url, {})));
  const std::string hashed = url + "?bodySHA256=44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
  CHECK(json_signature_matches(tokens, hashed, "{}", sign("12345", hashed, {})));
  CHECK_FALSE(json_signature_matches(tokens, hashed, "{} ", sign("12345", hashed, {})));
  CHECK_FALSE(json_signature_matches(tokens, hashed, "{}", sign("12346", hashed, {})));
}

// Who may open a call's media and transcription sockets.

#include "unit/providers/acs/adapter_fixture.hpp"

#include <catch2/catch.hpp>

namespace trunkline::providers::acs {
namespace {

using test::AdapterFixture;
using test::json;

struct Sockets : AdapterFixture {
  Sockets() {
    id = event_grid(json::array({incoming()})).call_id;
    const json body = json::parse(asked(":answer").at(0).body);
    const std::string url = body["mediaStreamingOptions"]["transportUrl"];
    secret = url.substr(url.find("?token=") + 7);
  }

  struct Opened {
    bool admitted = false;
    std::string code;
    bool unproven = false;
  };
  Opened open(const std::string& pattern, const std::string& call_id, const std::string& word,
              const std::string& bearer) {
    net::Request request;
    request.method = "GET";
    request.worker = &worker;
    if (!bearer.empty()) request.headers.push_back({"Authorization", "Bearer " + bearer});
    const Params path = {{"callId", call_id}};
    const Params query = {{"token", word}};
    Delivery delivery{request, path, query, {}, false, false, {}, {}, 0, 0};
    for (const SocketRoute& route : adapter().sockets()) {
      if (route.pattern != pattern) continue;
      const auto handler = calls::test::run(route.open(delivery));
      return {handler.has_value(), handler ? "" : handler.error().code, delivery.unproven};
    }
    throw std::runtime_error("no such socket");
  }
  Opened open_media(const std::string& word, const std::string& bearer) {
    return open("/media/acs/{callId}", id, word, bearer);
  }

  std::string id;
  std::string secret;
};

}  // namespace

TEST_CASE("a socket with the call's secret and Azure's token is admitted, on each of its addresses") {
  Sockets gateway;
  for (const char* pattern :
       {"/media/acs/{callId}", "/webhooks/media-streaming/{callId}", "/webhooks/transcription/{callId}"}) {
    CAPTURE(pattern);
    CHECK(gateway.open(pattern, gateway.id, gateway.secret, gateway.token()).admitted);
  }
}

TEST_CASE("a socket without Azure's token is refused, whatever secret it has") {
  Sockets gateway;
  const auto missing = gateway.open_media(gateway.secret, "");
  CHECK(missing.code == "signature_missing");
  CHECK(missing.unproven);
  std::string forged = gateway.token();
  forged[forged.size() - 5] = forged[forged.size() - 5] == 'A' ? 'B' : 'A';
  const auto wrong = gateway.open_media(gateway.secret, forged);
  CHECK(wrong.code == "token_signature");
  CHECK(wrong.unproven);
}

TEST_CASE("where Azure's token is not asked for the secret alone admits, and nothing less") {
  Sockets gateway;
  gateway.settings.media_require_jwt = false;
  CHECK(gateway.open_media(gateway.secret, "").admitted);
  const auto refused = gateway.open_media("", "");
  CHECK(refused.code == "bad_token");
  CHECK(refused.unproven);
}

TEST_CASE("Azure's token does not open the call of another") {
  Sockets gateway;
  for (const std::string& word : {std::string(), std::string("wrong"), gateway.secret + "x"}) {
    CAPTURE(word);
    const auto refused = gateway.open_media(word, gateway.token());
    CHECK(refused.code == "bad_token");
    CHECK(refused.unproven);
  }
  const auto other = gateway.event_grid(json::array({AdapterFixture::incoming("ctx-2", "corr-2")})).call_id;
  CHECK(gateway.open("/media/acs/{callId}", other, gateway.secret, gateway.token()).code == "bad_token");
}

TEST_CASE("a socket for a call that is not there, or over, is refused") {
  Sockets gateway;
  const auto unknown = gateway.open("/media/acs/{callId}", "call_0", gateway.secret, gateway.token());
  CHECK(unknown.code == "call_not_found");
  CHECK_FALSE(unknown.unproven);
  const json over = {{"resultInformation", {{"code", 200}, {"subCode", 7000}, {"message", "bye"}}}};
  gateway.call_back(json::array({AdapterFixture::callback("CallDisconnected", "e2", over)}), gateway.id);
  CHECK(gateway.open_media(gateway.secret, gateway.token()).code == "call_over");
}

TEST_CASE("a node that carries all the streams it may takes no more sockets") {
  Sockets gateway;
  gateway.limits.max_streams = 0;
  CHECK(gateway.open_media(gateway.secret, gateway.token()).code == "too_many_streams");
}

}  // namespace trunkline::providers::acs

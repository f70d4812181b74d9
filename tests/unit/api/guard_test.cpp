#include "api/guard.hpp"

#include "unit/calls/service_fixture.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <stdexcept>

using namespace trunkline;

namespace {

template <class Answer>
asio::awaitable<Answer> fail(api::Exchange& /*exchange*/) {
  throw std::runtime_error("an inner secret");
  co_return Answer{};
}

}  // namespace

TEST_CASE("a handler that throws is answered, also where a WebSocket was asked for") {
  net::Request request;
  request.id = "req_1";
  api::Exchange exchange{request, {}, {}, {}, {}};
  const api::Endpoint endpoint{"GET", "/broken", api::Access::open, {}, fail<net::Response>, fail<net::Upgrade>};
  const auto plain = calls::test::run(api::serve_guarded(endpoint, exchange));
  const auto socket = calls::test::run(api::upgrade_guarded(endpoint, exchange));
  CHECK(socket.handler == nullptr);
  for (const auto& answer : {plain, socket.refusal}) {
    const auto body = nlohmann::json::parse(answer.body);
    CHECK(answer.status == 500);
    CHECK(body["code"] == "internal_error");
    CHECK(body["requestId"] == "req_1");
    CHECK(answer.body.find("secret") == std::string::npos);
  }
}

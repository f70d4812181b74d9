#include <trunkline/calls/routing.hpp>

#include <catch2/catch.hpp>

namespace trunkline::calls {
namespace {

config::Route route(std::string name, std::string to, std::string from = "", std::string provider = "") {
  config::Route out;
  out.name = std::move(name);
  out.to = std::move(to);
  out.from = std::move(from);
  out.provider = std::move(provider);
  return out;
}

TEST_CASE("without routes a call gets the default, which records and transcribes") {
  const Routing routing({});
  const auto& chosen = routing.route_for({"twilio", "+14155550199", "+14155550100"});
  CHECK(chosen.name == "default");
  CHECK(chosen.record);
  CHECK(chosen.transcribe);
  CHECK(chosen.reject.empty());
}

TEST_CASE("the first route of which every pattern matches is taken") {
  const Routing routing({route("vip", "+14155550199", "+4412345678"), route("berlin", "+4930*"),
                         route("acs-only", "", "", "acs"), route("sales", "+14155550199")});
  CHECK(routing.route_for({"twilio", "+14155550199", "+4412345678"}).name == "vip");
  CHECK(routing.route_for({"twilio", "+14155550199", "+4499999999"}).name == "sales");
  CHECK(routing.route_for({"twilio", "+4930123", "+1"}).name == "berlin");
  CHECK(routing.route_for({"acs", "+14155550199", "+1"}).name == "acs-only");
  CHECK(routing.route_for({"twilio", "+141555501990", "+1"}).name == "default");
}

TEST_CASE("a star ends a prefix and is a plain character nowhere else") {
  const Routing routing({route("any", "*"), route("never", "")});
  CHECK(routing.route_for({"twilio", "", ""}).name == "any");
  const Routing inner({route("inner", "+1*5")});
  CHECK(inner.route_for({"twilio", "+125", ""}).name == "default");
  CHECK(inner.route_for({"twilio", "+1*5", ""}).name == "inner");
}

TEST_CASE("a route is found by its name, a forgotten one is the default") {
  const Routing routing({route("sales", "+1"), route("", "+2")});
  CHECK(routing.by_name("sales").to == "+1");
  CHECK(routing.by_name("route-2").to == "+2");
  CHECK(routing.by_name("default").name == "default");
  CHECK(routing.by_name("long gone").name == "default");
  CHECK(routing.by_name("").name == "default");
}

}  // namespace
}  // namespace trunkline::calls

// The API's own description, and what operators may turn while the process runs.

#include "api/endpoints.hpp"

#include <trunkline/api/documents.hpp>
#include <trunkline/observe/log.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace trunkline::api {
namespace {

using auth::Permission;
using nlohmann::json;

net::Response log_level() {
  return json_response(nlohmann::ordered_json{{"level", log::to_string(log::level())}});
}

asio::awaitable<net::Response> set_log_level(Exchange& exchange) {
  const json body = json::parse(exchange.request.body, nullptr, false);
  const auto level = body.is_object() && body.contains("level") && body["level"].is_string()
                         ? log::parse_level(body["level"].get<std::string>())
                         : std::nullopt;
  if (!level) co_return exchange.invalid({{"level", "must be debug, info, warn or error"}});
  log::set_level(*level);
  log::info("log level changed", {{"level", log::to_string(*level)}, {"by", exchange.principal.subject}});
  co_return log_level();
}

asio::awaitable<net::Response> docs_page(Exchange&) {
  net::Response page = text_response("text/html; charset=utf-8", std::string(docs_html()));
  page.set("Content-Security-Policy",
           "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; "
           "frame-ancestors 'none'");
  co_return page;
}

}  // namespace

void add_system_endpoints(Router& router, const Services& /*services*/) {
  router.add({"GET",
              "/openapi.json",
              Access::operators,
              Permission::calls_read,
              [](Exchange&) -> asio::awaitable<net::Response> { co_return json_response(openapi_json()); },
              {}});
  router.add({"GET", "/docs", Access::operators, Permission::calls_read, docs_page, {}, true});
  router.add({"GET",
              "/api/v1/system/log-level",
              Access::token,
              Permission::system_read,
              [](Exchange&) -> asio::awaitable<net::Response> { co_return log_level(); },
              {}});
  router.add({"PUT", "/api/v1/system/log-level", Access::token, Permission::system_write, set_log_level, {}});
}

}  // namespace trunkline::api

#include "api/accept.hpp"
#include "api/conditions.hpp"
#include "api/endpoints.hpp"
#include "api/json_list.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/calls/fold.hpp>
#include <trunkline/observe/log.hpp>
#include <trunkline/speech/render.hpp>
#include <trunkline/speech/transcript_of.hpp>

#include <nlohmann/json.hpp>

#include <utility>

namespace trunkline::api {
namespace {

using auth::Permission;
using nlohmann::ordered_json;

constexpr std::int64_t max_page = 200;
constexpr std::size_t max_events = 1'000;

// In a query an unescaped plus is a blank; no address begins with one.
std::string address(std::string text) {
  if (text.starts_with(' ')) text.front() = '+';
  return text;
}

calls::CallFilter read_filter(QueryReader& query) {
  calls::CallFilter filter;
  filter.state = query.word("state", "a call state such as CONNECTED", calls::parse_state);
  filter.direction = query.word("direction", "inbound or outbound", calls::parse_direction);
  filter.provider = query.text("provider");
  filter.from = address(query.text("from"));
  filter.to = address(query.text("to"));
  const auto time = [](std::string_view value) { return text::parse_rfc3339(value); };
  filter.created_after = query.word("createdAfter", "an RFC 3339 time", time);
  filter.created_before = query.word("createdBefore", "an RFC 3339 time", time);
  filter.cursor = query.text("cursor");
  filter.limit = static_cast<std::size_t>(query.integer("limit", 1, max_page).value_or(50));
  return filter;
}

asio::awaitable<net::Response> list_calls(const Services& services, Exchange& exchange, std::optional<bool> terminal) {
  QueryReader query(exchange.query);
  calls::CallFilter filter = read_filter(query);
  if (!query.errors().empty()) co_return exchange.invalid(query.errors());
  filter.terminal = terminal;
  const auto page = co_await services.calls.list(std::move(filter));
  co_return page ? json_response(json_page(page->data, page->next_cursor)) : exchange.fail(page.error());
}

asio::awaitable<net::Response> call_stats(const Services& services, Exchange& exchange) {
  const auto stats = co_await services.calls.stats();
  if (!stats) co_return exchange.fail(stats.error());
  co_return json_response(ordered_json{{"total", stats->total},
                                       {"active", stats->active},
                                       {"completed", stats->completed},
                                       {"failed", stats->failed},
                                       {"averageDuration", stats->average_duration_s},
                                       {"byState", stats->by_state},
                                       {"byProvider", stats->by_provider}});
}

asio::awaitable<net::Response> get_call(const Services& services, Exchange& exchange) {
  const auto call = co_await shown_call(services, exchange);
  co_return call ? json_response(to_json_text(**call)) : exchange.fail(call.error());
}

asio::awaitable<net::Response> get_events(const Services& services, Exchange& exchange) {
  QueryReader query(exchange.query);
  const auto after = query.integer("after", 0, INT64_MAX).value_or(0);
  if (!query.errors().empty()) co_return exchange.invalid(query.errors());
  const auto complete = co_await services.calls.complete_log();
  if (!complete) co_return exchange.fail(complete.error());
  const auto events = co_await services.calls.events_of(std::string(exchange.param("callId")), after, max_events + 1);
  if (!events) co_return exchange.fail(events.error());
  auto page = *events;
  const bool more = page.size() > max_events;
  if (more) page.pop_back();
  co_return json_response(json_page(page, more ? std::to_string(page.back().version) : ""));
}

asio::awaitable<net::Response> get_quality(const Services& services, Exchange& exchange) {
  const auto metrics = co_await services.calls.quality_of(std::string(exchange.param("callId")));
  co_return metrics ? json_response("{\"data\":" + json_list(*metrics) + "}") : exchange.fail(metrics.error());
}

asio::awaitable<net::Response> get_transcript(const Services& services, Exchange& exchange) {
  const auto call = co_await shown_call(services, exchange);
  if (!call) co_return exchange.fail(call.error());
  const std::string& id = (*call)->id;
  const auto segments = co_await speech::transcript_of(services.database, id);
  if (!segments) co_return exchange.fail(segments.error());
  const auto type = preferred_type(exchange.request.header("Accept"), {"application/json", "text/plain", "text/vtt"});
  if (type.empty()) {
    co_return net::problem(
        406, make_error("not_acceptable", "a transcript comes as application/json, text/plain or text/vtt"),
        exchange.request.id);
  }
  if (type == "text/vtt") co_return text_response("text/vtt; charset=utf-8", speech::render_vtt(*segments));
  if (type == "text/plain") co_return text_response("text/plain; charset=utf-8", speech::render_text(*segments));
  co_return json_response("{\"callId\":" + ordered_json(id).dump() + ",\"segments\":" + speech::render_json(*segments) +
                          "}");
}

// First the provider, then the log: a call is not called over that nobody has hung up. When the provider has not, the
// call ends with its stream, if it is one that the call goes with, wherever that runs.
asio::awaitable<net::Response> end_call(const Services& services, Exchange& exchange) {
  auto call = co_await services.calls.find(std::string(exchange.param("callId")));
  if (!call) co_return exchange.fail(call.error());
  if (calls::is_terminal(call->state)) co_return json_response(to_json_text(*call));

  const auto hung_up = co_await services.providers.hang_up(*call);
  media::EndOrder order{media::EndCause::stop, "", !hung_up.has_value()};
  const auto ended = co_await services.commands.end(call->id, call->node, std::move(order));
  if (!hung_up && !ended) co_return exchange.fail(ended.error());
  if (!hung_up && !*ended) co_return exchange.fail(hung_up.error());

  const std::string by = exchange.principal.subject;
  log::info("call ended by command", {{"callId", call->id}, {"by", by}, {"requestId", exchange.request.id}});
  if (!hung_up) {
    log::warn("the provider did not hang up; the call ends with its stream",
              {{"callId", call->id}, {"reason", hung_up.error().message}, {"detail", hung_up.error().detail}});
  }
  const std::string data = nlohmann::json{{"reason", "ended-by-api"}, {"authority", "command"}, {"by", by}}.dump();
  const auto closed = co_await services.calls.append(call->id, calls::EventType::call_closed, data);
  if (!closed) co_return exchange.fail(closed.error());
  call = co_await services.calls.find(call->id);
  co_return call ? json_response(to_json_text(*call)) : exchange.fail(call.error());
}

}  // namespace

asio::awaitable<Result<calls::CallCache::Found>> shown_call(const Services& services, const Exchange& exchange) {
  using Freshness = calls::ShownCalls::Freshness;
  const bool fresh = wants_fresh(exchange.request.header("Cache-Control"));
  co_return co_await services.shown_calls.find(std::string(exchange.param("callId")),
                                               fresh ? Freshness::stored : Freshness::any);
}

void add_call_endpoints(Router& router, const Services& services) {
  const auto get = [&](std::string pattern, Permission permission, auto handler) {
    router.add({"GET",
                std::move(pattern),
                Access::token,
                permission,
                [&services, handler](Exchange& exchange) { return handler(services, exchange); },
                {}});
  };
  const auto list = [](std::optional<bool> terminal) {
    return [terminal](const Services& all, Exchange& exchange) { return list_calls(all, exchange, terminal); };
  };
  get("/api/v1/calls", Permission::calls_read, list(std::nullopt));
  get("/api/v1/calls/active", Permission::calls_read, list(false));
  get("/api/v1/calls/history", Permission::calls_read, list(true));
  get("/api/v1/calls/stats", Permission::calls_read, call_stats);
  get("/api/v1/calls/{callId}", Permission::calls_read, get_call);
  get("/api/v1/calls/{callId}/events", Permission::events_read, get_events);
  get("/api/v1/calls/{callId}/quality", Permission::calls_read, get_quality);
  get("/api/v1/calls/{callId}/transcript", Permission::transcripts_read, get_transcript);
  router.add({"POST",
              "/api/v1/calls/{callId}/end",
              Access::token,
              Permission::calls_write,
              [&services](Exchange& exchange) { return end_call(services, exchange); },
              {}});
}

}  // namespace trunkline::api

#include "call_service_impl.hpp"

#include "intake.hpp"

#include <nlohmann/json.hpp>

#include <set>

namespace trunkline::calls {
namespace {

// What the provider said of a call as it came; one that is over by then has no other reason.
std::string status_data(State state) {
  nlohmann::json data = {{"status", to_string(state)}};
  if (is_terminal(state)) data["reason"] = "over-on-arrival";
  return data.dump();
}

std::string refusal_data(const std::string& reason) {
  return nlohmann::json{
      {"authority", to_string(Authority::command)}, {"state", to_string(State::declined)}, {"reason", reason}}
      .dump();
}

}  // namespace

Result<> check_event_data(std::string_view data) {
  if (data.size() > max_event_data_bytes) return make_error("invalid_event", "the data of an event may have 64 KiB");
  const bool object = data.starts_with('{') && nlohmann::json::accept(data);
  if (!object) return make_error("invalid_event", "the data of an event must be a JSON object");
  return {};
}

CallService::Impl::Impl(store::Database& store, const Routing& routes, const Clock& time, Ids& identities)
    : database(store), routing(routes), clock(time), ids(identities), late([this](std::span<const Event> events) {
        return change_blocking<std::size_t>([&](CallLog& log) { return append_all(log, events); });
      }) {}

Event CallService::Impl::make_event(EventType type, WallTime at, std::string data) {
  Event event;
  event.id = ids.make("evt");
  event.type = type;
  event.at = at;
  event.data = std::move(data);
  return event;
}

void CallService::Impl::receive(CallLog& log, Call& call, const Arrival& arrival, const config::Route& route) {
  log.append(call, make_event(EventType::call_received, log.now(), received_data(arrival, route.name)));
  log.append(call, make_event(EventType::call_status, log.now(), status_data(arrival.state)));
  if (!route.reject.empty()) {
    log.append(call, make_event(EventType::call_closed, log.now(), refusal_data(route.reject)));
  }
}

Result<StoredAnswer> CallService::Impl::admit(CallLog& log, const Arrival& arrival, const Render& render) {
  if (auto answer = find_answer(log.sql(), arrival.inbox_key)) return *answer;
  Call& call = log.lock_or_create(arrival.provider, arrival.provider_call_id, ids.make("call"));
  const std::string by_call = arrival_key(arrival.provider, arrival.provider_call_id);
  if (auto answer = find_answer(log.sql(), by_call)) return *answer;  // the lock made us wait for whoever gave it

  if (arrival.known_only) return make_error("no_new_calls", "this node takes no new calls now");
  const config::Route& route = routing.route_for({arrival.provider, arrival.to, arrival.from});
  receive(log, call, arrival, route);
  std::string token;
  if (route.reject.empty()) {
    token = ids.secret(16);
    issue_token(log, call, token);
  }
  StoredAnswer answer = render({call, route, token});
  answer.call_id = call.id;
  if (!keep_answer(log, arrival.inbox_key, call, answer) || !keep_answer(log, by_call, call, answer)) {
    return make_error("duplicate_request", "this request was used for another call a moment ago");
  }
  return answer;
}

Result<StoredAnswer> CallService::Impl::take(CallLog& log, const StatusUpdate& update) {
  if (auto answer = find_answer(log.sql(), update.inbox_key)) return *answer;
  Call& call = log.lock_or_create(update.provider, update.provider_call_id, ids.make("call"));
  StoredAnswer answer;
  answer.call_id = call.id;
  answer.repeated = !keep_answer(log, update.inbox_key, call, answer);
  if (answer.repeated) return answer;
  if (call.version == 0) {
    const Arrival heard_of{.inbox_key = {},
                           .provider = update.provider,
                           .provider_call_id = update.provider_call_id,
                           .direction = update.direction,
                           .from = update.from,
                           .to = update.to,
                           .metadata = update.metadata};
    log.append(call, make_event(EventType::call_received, log.now(), received_data(heard_of, "")));
  }
  log.append(call, make_event(update.type, update.at, update.data));
  return answer;
}

Result<MediaGrant> CallService::Impl::grant_media(CallLog& log, const std::string& call_id,
                                                  const std::string& provider_call_id, const std::string& token,
                                                  const std::string& data) {
  Call* call = log.lock(call_id);
  if (call == nullptr || !burn_token(log, call_id, provider_call_id, token)) {
    return make_error("bad_token", "the media token is wrong, used or expired");
  }
  if (is_terminal(call->state)) return make_error("call_over", "the call is over");
  MediaGrant grant;
  grant.route = routing.by_name(call->route);
  log.append(*call, make_event(EventType::media_started, log.now(), data));
  if (grant.route.record) {
    grant.recording_id = ids.make("rec");
    grant.recording_path = open_recording(log, *call, grant.recording_id);
  }
  grant.call = *call;
  return grant;
}

Result<std::size_t> CallService::Impl::append_all(CallLog& log, std::span<const Event> events) {
  std::set<std::string>
      ids_in_order;  // rows are locked in one order everywhere, so that no two nodes wait for each other
  for (const Event& event : events) ids_in_order.insert(event.call_id);
  for (const std::string& id : ids_in_order) log.lock(id);
  std::size_t unknown = 0;
  for (const Event& event : events) {
    if (Call* call = log.lock(event.call_id)) {
      log.append(*call, event);
    } else {
      ++unknown;
    }
  }
  return unknown;
}

}  // namespace trunkline::calls

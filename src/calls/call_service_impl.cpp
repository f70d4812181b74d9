#include "call_service_impl.hpp"

#include "provider_files.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

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

/// Under which keys a request may have been answered, and which call it is about.
struct Question {
  std::set<std::string> keys;
  ProviderCall call;
};
using Questions = std::vector<Question>;

// Who asks again holds up nobody, so that there is a look before the calls are locked; and another one behind, because
// the lock may have made us wait for whoever answered.
Answers hold(CallLog& log, const Questions& questions) {
  Answers answers(log);
  std::set<std::string> keys;
  for (const Question& question : questions) keys.insert(question.keys.begin(), question.keys.end());
  const store::SetQuery look = Answers::looking(keys);
  answers.take_found(log.sql().query_all(*look.statement, look.rows));
  std::set<ProviderCall> calls;
  const auto answered = [&](const std::string& key) { return answers.find(key) != nullptr; };
  for (const Question& question : questions) {
    if (std::ranges::none_of(question.keys, answered)) calls.insert(question.call);
  }
  std::erase_if(keys, answered);
  if (calls.empty()) return answers;
  const std::array queries = {log.locking(calls), Answers::looking(keys)};
  const auto found = log.sql().query_together(queries);
  log.take_locked(found[0]);
  answers.take_found(found[1]);
  return answers;
}

}  // namespace

Result<> check_event_data(std::string_view data) {
  if (data.size() > max_event_data_bytes) return make_error("invalid_event", "the data of an event may have 64 KiB");
  const bool object = data.starts_with('{') && nlohmann::json::accept(data);
  if (!object) return make_error("invalid_event", "the data of an event must be a JSON object");
  return {};
}

CallService::Impl::Impl(store::Database& store, const Routing& routes, const Clock& time, Ids& identities,
                        std::string node_id)
    : database(store),
      routing(routes),
      clock(time),
      ids(identities),
      node(std::move(node_id)),
      arrivals{Arrivals(storing<Arrivals>(&Impl::store_arrivals)), Arrivals(storing<Arrivals>(&Impl::store_arrivals))},
      updates{Updates(storing<Updates>(&Impl::store_updates)), Updates(storing<Updates>(&Impl::store_updates))},
      late([this](std::span<const Event> events) {
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

asio::awaitable<Result<CallService::Impl::Arrivals::Outcomes>> CallService::Impl::store_arrivals(
    Arrivals::Requests requests) {
  auto work = [&](CallLog& log) -> Result<Arrivals::Outcomes> {
    Questions questions;
    for (const Arriving* one : requests) {
      const Arrival& arrival = one->arrival;
      const ProviderCall call{arrival.provider, arrival.provider_call_id};
      questions.push_back({{arrival.inbox_key, arrival_key(call.provider, call.id)}, call});
    }
    Answers answers = hold(log, questions);
    Arrivals::Outcomes outcomes;
    for (const Arriving* one : requests) outcomes.push_back(admit(log, answers, *one));
    return outcomes;
  };
  co_return co_await change<Arrivals::Outcomes>(work);
}

asio::awaitable<Result<CallService::Impl::Updates::Outcomes>> CallService::Impl::store_updates(
    Updates::Requests requests) {
  auto work = [&](CallLog& log) -> Result<Updates::Outcomes> {
    Questions questions;
    for (const StatusUpdate* update : requests) {
      questions.push_back({{update->inbox_key}, {update->provider, update->provider_call_id}});
    }
    Answers answers = hold(log, questions);
    Updates::Outcomes outcomes;
    for (const StatusUpdate* update : requests) outcomes.emplace_back(take(log, answers, *update));
    return outcomes;
  };
  co_return co_await change<Updates::Outcomes>(work);
}

// An error leaves no trace of the arrival: those of others are in the same transaction.
Result<StoredAnswer> CallService::Impl::admit(CallLog& log, Answers& answers, const Arriving& arriving) {
  const Arrival& arrival = arriving.arrival;
  const std::string by_call = arrival_key(arrival.provider, arrival.provider_call_id);
  for (const std::string& key : {arrival.inbox_key, by_call}) {
    if (const StoredAnswer* answer = answers.find(key)) return *answer;
  }
  if (arrival.known_only) return make_error("no_new_calls", "this node takes no new calls now");
  Call& call = log.find_or_make({arrival.provider, arrival.provider_call_id}, ids.make("call"));
  const config::Route& route = routing.route_for({arrival.provider, arrival.to, arrival.from});
  receive(log, call, arrival, route);
  std::string token;
  if (route.reject.empty()) {
    token = ids.secret(16);
    issue_token(log, call, token, arrival.media_returns);
  }
  StoredAnswer answer = arriving.render({call, route, token});
  answer.call_id = call.id;
  answers.keep(arrival.inbox_key, call, answer);
  answers.keep(by_call, call, answer);
  return answer;
}

Updated CallService::Impl::take(CallLog& log, Answers& answers, const StatusUpdate& update) {
  if (const StoredAnswer* answer = answers.find(update.inbox_key)) return Updated{answer->call_id, "", true};
  Call& call = log.find_or_make({update.provider, update.provider_call_id}, ids.make("call"));
  answers.keep(update.inbox_key, call, {});
  if (call.version == 0) {
    const Arrival heard_of{.inbox_key = {},
                           .provider = update.provider,
                           .provider_call_id = update.provider_call_id,
                           .direction = update.direction,
                           .from = update.from,
                           .to = update.to,
                           .metadata = update.metadata,
                           .names = {}};
    log.append(call, make_event(EventType::call_received, log.now(), received_data(heard_of, "")));
  }
  if (update.files.empty()) {
    log.append(call, make_event(update.type, update.at, update.data));
  } else {
    expect_files(log, call, update);
  }
  return Updated{call.id, call.node, false};
}

void CallService::Impl::expect_files(CallLog& log, Call& call, const StatusUpdate& update) {
  for (const ProviderFile& file : update.files) {
    if (is_known_file(log, call, file)) continue;
    const std::string id = ids.make("rec");
    open_fetch(log, call, file, id);
    log.append(call, make_event(EventType::recording_started, update.at, expected_data(update.data, id, file)));
  }
}

Result<MediaGrant> CallService::Impl::grant_media(CallLog& log, const MediaStart& start, const std::string& data) {
  Call* call = log.lock(start.call_id);
  if (call == nullptr || !burn_token(log, start)) {
    return make_error("bad_token", "the media token is wrong, used or expired");
  }
  if (is_terminal(call->state)) return make_error("call_over", "the call is over");
  MediaGrant grant;
  grant.route = routing.by_name(call->route);
  grant.returned = call->merge.stream.has_value();
  log.append(*call, make_event(EventType::media_started, log.now(), data));
  if (grant.route.record) {
    grant.recording_id = ids.make("rec");
    grant.recording_path = open_recording(log, *call, {grant.recording_id, node, start.sample_rate});
  }
  grant.call = *call;
  return grant;
}

// Whoever is not sure that they are stored brings them again.
Result<std::size_t> CallService::Impl::append_all(CallLog& log, std::span<const Event> events) {
  std::set<std::string> calls;
  for (const Event& event : events) calls.insert(event.call_id);
  log.lock_all(calls);
  const std::set<std::string> stored = log.stored_events(events);
  std::size_t unknown = 0;
  for (const Event& event : events) {
    if (stored.contains(event.id)) continue;
    if (Call* call = log.find(event.call_id)) {
      log.append(*call, event);
    } else {
      ++unknown;
    }
  }
  return unknown;
}

}  // namespace trunkline::calls

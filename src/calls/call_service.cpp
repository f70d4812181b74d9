#include "call_queries.hpp"
#include "call_records.hpp"
#include "call_service_impl.hpp"
#include "intake.hpp"
#include "log_order.hpp"
#include "reaper.hpp"

#include <trunkline/calls/call_service.hpp>
#include <trunkline/observe/log.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace trunkline::calls {
namespace {

constexpr std::size_t max_numbered = 1000;
constexpr int most_turns = 10;  // for one reader; others go on where it leaves off

Error call_not_found() {
  return make_error("call_not_found", "there is no such call");
}

Result<Call> found(std::optional<Call> call) {
  if (!call) return call_not_found();
  return std::move(*call);
}

Result<std::string> with_stream(const std::string& data, const std::string& stream_id, const std::string& node) {
  if (auto checked = check_event_data(data); !checked) return checked.error();
  auto object = nlohmann::json::parse(data);
  object["streamId"] = stream_id;
  object["node"] = node;
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string closing_data(const Closing& closing) {
  return nlohmann::json{
      {"authority", to_string(Authority::gateway)}, {"state", to_string(closing.state)}, {"reason", closing.reason}}
      .dump();
}

// Nodes' clocks differ: what is said of a call now counts although somebody else's word bears a later time.
WallTime later(WallTime now, const std::optional<WallTime>& than) {
  return than ? std::max(now, *than + milliseconds{1}) : now;
}

// A call whose stream runs on another node, which lives: that node knows.
bool is_tended_elsewhere(store::Sql& sql, const Call& call, const std::string& node) {
  if (call.node.empty() || call.node == node) return false;
  return !sql.query("SELECT id FROM nodes WHERE id = $1 AND gone_at IS NULL", {call.node}).empty();
}

/// What the reaper found about one quiet call: how to close it, or that it lives.
struct Verdict {
  Call call;
  std::optional<Closing> closing;
};

std::vector<Verdict> judge(std::vector<QuietCall> quiet, std::size_t most_closed, const config::Calls& limits,
                           WallTime now, const std::function<bool(const std::string&)>& has_media) {
  std::vector<Verdict> verdicts;
  for (QuietCall& candidate : quiet) {
    const bool lives = has_media(candidate.call.id);
    auto closing = overdue(candidate.call, candidate.touched_at, lives, limits, now);
    if (closing && most_closed == 0) closing.reset();
    if (closing) --most_closed;
    if (closing || lives) verdicts.push_back({std::move(candidate.call), closing});
  }
  std::ranges::sort(verdicts, {}, [](const Verdict& verdict) { return verdict.call.id; });  // the order of locking
  return verdicts;
}

}  // namespace

CallService::CallService(store::Database& database, const Routing& routing, const Clock& clock, Ids& ids,
                         std::string node)
    : impl_(std::make_unique<Impl>(database, routing, clock, ids, std::move(node))) {}

CallService::~CallService() = default;

void CallService::stop() {
  impl_->late.stop();
}

void CallService::observe(EventObserver& observer) {
  impl_->announcer.observe(observer);
}

void CallService::on_seen(Seen listener) {
  impl_->seen = std::move(listener);
}

asio::awaitable<Result<StoredAnswer>> CallService::arrive(Arrival arrival, Render render) {
  const Impl::Arriving request{std::move(arrival), std::move(render)};
  co_return co_await Impl::place_of(request.arrival.provider_call_id, impl_->arrivals).submit(request);
}

asio::awaitable<Result<Updated>> CallService::update(StatusUpdate update) {
  if (auto checked = check_event_data(update.data); !checked) co_return checked.error();
  co_return co_await Impl::place_of(update.provider_call_id, impl_->updates).submit(update);
}

asio::awaitable<Result<MediaGrant>> CallService::start_media(MediaStart start) {
  const auto event_data = with_stream(start.data, start.stream_id, impl_->node);
  if (!event_data) co_return event_data.error();
  auto work = [&](CallLog& log) { return impl_->grant_media(log, start, *event_data); };
  auto grant = co_await impl_->change<MediaGrant>(work);
  if (grant) grant->bidirectional = start.bidirectional;
  co_return grant;
}

asio::awaitable<Result<bool>> CallService::knows_token(std::string call_id, std::string token) {
  auto work = [&](store::Sql& sql) -> Result<bool> { return is_token_of(sql, call_id, token, impl_->clock.wall()); };
  co_return co_await impl_->database.read<bool>(work);
}

asio::awaitable<Result<Event>> CallService::append(std::string call_id, EventType type, std::string data) {
  if (auto checked = check_event_data(data); !checked) co_return checked.error();
  const Event event = impl_->make_event(type, impl_->clock.wall(), std::move(data));
  auto work = [&](CallLog& log) -> Result<Event> {
    Call* call = log.lock(call_id);
    if (call == nullptr) return call_not_found();
    return log.append(*call, event);
  };
  co_return co_await impl_->change<Event>(work);
}

void CallService::append_later(std::string call_id, EventType type, std::string data) {
  if (const auto checked = check_event_data(data); !checked) return impl_->late.drop(checked.error().message);
  Event event = impl_->make_event(type, impl_->clock.wall(), std::move(data));
  event.call_id = std::move(call_id);
  impl_->late.push(std::move(event));
}

std::uint64_t CallService::dropped_events() const {
  return impl_->late.dropped();
}

asio::awaitable<Result<std::vector<Call>>> CallService::reap(
    std::size_t most_closed, const config::Calls& limits, std::function<bool(const std::string& call_id)> has_media) {
  const WallTime now = impl_->clock.wall();
  auto look = [&](store::Sql& sql) -> Result<std::vector<QuietCall>> { return find_quiet_calls(sql, limits, now); };
  auto quiet = co_await impl_->database.read<std::vector<QuietCall>>(look);
  if (!quiet) co_return quiet.error();
  const auto verdicts = judge(std::move(*quiet), most_closed, limits, now, has_media);
  if (verdicts.empty()) co_return std::vector<Call>{};
  auto work = [&](CallLog& log) -> Result<std::vector<Call>> {
    std::vector<Call> closed;
    for (const Verdict& verdict : verdicts) {
      Call* call = log.lock(verdict.call.id);
      if (call == nullptr) continue;
      log.touch(*call);  // all that a living call needs
      if (!verdict.closing || call->version != verdict.call.version) continue;
      if (verdict.closing->reason != too_long.reason && is_tended_elsewhere(log.sql(), *call, impl_->node)) continue;
      log.append(*call, impl_->make_event(EventType::call_closed, now, closing_data(*verdict.closing)));
      closed.push_back(*call);
    }
    return closed;
  };
  co_return co_await impl_->change<std::vector<Call>>(work);
}

asio::awaitable<Result<std::size_t>> CallService::lose_streams_of(std::string gone, std::string reason) {
  const std::string data = nlohmann::json{{"reason", reason}, {"node", gone}}.dump();
  std::vector<std::string> ids;
  auto look = [&](store::Sql& sql) -> Result<std::vector<std::string>> { return find_calls_on(sql, gone); };
  auto work = [&](CallLog& log) -> Result<std::size_t> {
    std::size_t lost = 0;
    for (const std::string& id : ids) {
      Call* call = log.lock(id);
      if (call == nullptr || call->node != gone || call->state != State::connected) continue;  // another node was first
      const WallTime at = later(log.now(), call->merge.resumed_at);
      log.append(*call, impl_->make_event(EventType::call_reconnecting, at, data));
      ++lost;
    }
    return lost;
  };
  for (std::size_t all = 0;;) {
    auto found = co_await impl_->database.read<std::vector<std::string>>(look);
    if (!found) co_return found.error();
    if (found->empty()) co_return all;
    ids = std::move(*found);
    const auto lost = co_await impl_->change<std::size_t>(work);
    if (!lost) co_return lost.error();
    all += *lost;
  }
}

asio::awaitable<Result<>> CallService::regain_stream(std::string call_id) {
  const std::string data = nlohmann::json{{"reason", "node-back"}, {"node", impl_->node}}.dump();
  auto work = [&](CallLog& log) -> Result<> {
    Call* call = log.lock(call_id);
    if (call == nullptr || call->node != impl_->node || call->state != State::reconnecting) return {};
    const WallTime at = later(log.now(), call->merge.lost_at);
    log.append(*call, impl_->make_event(EventType::call_reconnected, at, data));
    return {};
  };
  co_return co_await impl_->change<void>(work);
}

asio::awaitable<Result<std::size_t>> CallService::forget_requests(WallTime before, std::size_t limit) {
  auto work = [&](store::Sql& sql) -> Result<std::size_t> {
    return forget_answers(sql, before, limit) + forget_tokens(sql, before, limit);
  };
  co_return co_await impl_->database.write<std::size_t>(work);
}

const config::Route& CallService::route_of(const Call& call) const {
  return impl_->routing.by_name(call.route);
}

asio::awaitable<Result<Call>> CallService::find(std::string call_id) {
  auto work = [&](store::Sql& sql) { return found(find_call(sql, call_id)); };
  co_return co_await impl_->database.read<Call>(work);
}

asio::awaitable<Result<Call>> CallService::find_by_provider_id(std::string provider, std::string provider_call_id) {
  auto work = [&](store::Sql& sql) { return found(find_call(sql, provider, provider_call_id)); };
  co_return co_await impl_->database.read<Call>(work);
}

asio::awaitable<Result<Call>> CallService::find_by_name(std::string provider, std::string kind, std::string name) {
  auto work = [&](store::Sql& sql) { return found(find_named_call(sql, provider, kind, name)); };
  co_return co_await impl_->database.read<Call>(work);
}

asio::awaitable<Result<Page<Call>>> CallService::list(CallFilter filter) {
  auto work = [&](store::Sql& sql) { return list_calls(sql, filter); };
  auto page = co_await impl_->database.read<Page<Call>>(work);
  if (page) {
    for (const Call& call : page->data) impl_->seen(call.id, call.version);
  }
  co_return page;
}

asio::awaitable<Result<CallStats>> CallService::stats() {
  auto work = [](store::Sql& sql) -> Result<CallStats> { return count_calls(sql); };
  co_return co_await impl_->database.read<CallStats>(work);
}

asio::awaitable<Result<std::vector<Event>>> CallService::events_of(std::string call_id, std::int64_t after_version,
                                                                   std::size_t limit) {
  auto work = [&](store::Sql& sql) -> Result<std::vector<Event>> {
    if (!find_call(sql, call_id)) return call_not_found();
    return find_events(sql, call_id, after_version, limit);
  };
  co_return co_await impl_->read_events(work);
}

asio::awaitable<Result<std::vector<QualityMetrics>>> CallService::quality_of(std::string call_id) {
  auto work = [&](store::Sql& sql) -> Result<std::vector<QualityMetrics>> {
    if (!find_call(sql, call_id)) return call_not_found();
    return find_quality(sql, call_id);
  };
  co_return co_await impl_->database.read<std::vector<QualityMetrics>>(work);
}

asio::awaitable<Result<LogEnd>> CallService::number_events() {
  auto work = [](store::Sql& sql) -> Result<LogEnd> { return calls::number_events(sql, max_numbered); };
  co_return co_await impl_->database.write<LogEnd>(work);
}

asio::awaitable<Result<LogEnd>> CallService::log_end() {
  auto work = [](store::Sql& sql) -> Result<LogEnd> { return find_log_end(sql); };
  co_return co_await impl_->database.read<LogEnd>(work);
}

asio::awaitable<Result<>> CallService::complete_log() {
  auto end = co_await log_end();
  for (int turn = 0; end && end->more && turn < most_turns; ++turn) end = co_await number_events();
  if (!end) co_return end.error();
  co_return Result<>{};
}

asio::awaitable<Result<std::vector<Event>>> CallService::events_after(std::int64_t seq, std::size_t limit) {
  auto work = [&](store::Sql& sql) -> Result<std::vector<Event>> { return find_events_after(sql, seq, limit); };
  co_return co_await impl_->read_events(work);
}

asio::awaitable<Result<std::vector<Event>>> CallService::events_of_after(std::string call_id, std::int64_t seq,
                                                                         std::size_t limit) {
  auto work = [&](store::Sql& sql) -> Result<std::vector<Event>> {
    return find_events_of_after(sql, call_id, seq, limit);
  };
  co_return co_await impl_->read_events(work);
}

asio::awaitable<Result<std::optional<Event>>> CallService::event(std::string event_id) {
  auto work = [&](store::Sql& sql) -> Result<std::optional<Event>> { return find_event(sql, event_id); };
  co_return co_await impl_->database.read<std::optional<Event>>(work);
}

}  // namespace trunkline::calls

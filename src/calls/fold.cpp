#include "derive.hpp"

#include <trunkline/base/json.hpp>
#include <trunkline/calls/fold.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <tuple>

namespace trunkline::calls {
namespace {

using json = nlohmann::json;

constexpr std::size_t max_names = 8;
constexpr std::size_t max_name_bytes = 1024;
constexpr std::size_t max_members = 500;
constexpr std::size_t max_rosters = 1000;

void keep_earliest(std::optional<WallTime>& kept, WallTime at) {
  kept = kept ? std::min(*kept, at) : at;
}
void keep_newest(std::optional<WallTime>& kept, WallTime at) {
  kept = kept ? std::max(*kept, at) : at;
}

// How much an outcome says about the call, the most first.
int outcome_rank(State state) {
  static constexpr std::array ranked = {State::ended,  State::declined,  State::busy,
                                        State::missed, State::cancelled, State::failed};
  return static_cast<int>(std::find(ranked.begin(), ranked.end(), state) - ranked.begin());
}

// A refusal of our own weighs as much as the provider's account of it: then only `completed` outranks DECLINED.
Authority weight_of(const Call::End& end) {
  const bool our_refusal = end.authority == Authority::command && end.state == State::declined;
  return our_refusal ? Authority::provider : end.authority;
}

bool better(const Call::End& a, const Call::End& b) {
  const auto key = [](const Call::End& end) {
    return std::tuple(-static_cast<int>(weight_of(end)), outcome_rank(end.state), end.at,
                      std::string_view(end.event_id));
  };
  return key(a) < key(b);
}

// A call that was first heard of in a status callback has no route until it arrives.
bool better(const Call::Facts& a, const Call::Facts& b) {
  const auto key = [](const Call::Facts& facts) {
    return std::tuple(facts.route.empty(), facts.at, std::string_view(facts.event_id));
  };
  return key(a) < key(b);
}

template <class T>
void keep_better(std::optional<T>& kept, T candidate) {
  if (!kept || better(candidate, *kept)) kept = std::move(candidate);
}

void mark_connected(Call::Merge& merge, WallTime at) {
  merge.live = std::max(merge.live, State::connected);
  keep_earliest(merge.connected_at, at);
}

// A name is given once. Should a provider give two, one of them is taken whatever comes first.
void fold_names(Call::Merge& merge, const json& data) {
  const auto names = data.find("names");
  if (names == data.end() || !names->is_object()) return;
  for (const auto& [kind, value] : names->items()) {
    const auto* name = value.get_ptr<const std::string*>();
    if (name == nullptr || name->empty() || name->size() > max_name_bytes) continue;
    if (merge.names.size() >= max_names && !merge.names.contains(kind)) continue;
    auto& kept = merge.names[kind];
    if (kept.empty() || *name < kept) kept = *name;
  }
}

// Each fold_* is false when the data makes no sense; it has then changed nothing.

bool fold_received(Call& call, const Event& event, const json& data) {
  const auto direction = parse_direction(text_of(data, "direction"));
  if (!direction) return false;
  Call::Facts facts{event.at, event.id, *direction, text_of(data, "from"), text_of(data, "to"), text_of(data, "route"),
                    {}};
  if (const auto found = data.find("metadata"); found != data.end() && found->is_object()) {
    for (const auto& [key, value] : found->items()) {
      if (value.is_string()) facts.metadata.emplace(key, value.get<std::string>());
    }
  }
  call.provider = text_of(data, "provider");  // the same in every account of one call
  call.provider_call_id = text_of(data, "providerCallId");
  keep_better(call.merge.facts, std::move(facts));
  fold_names(call.merge, data);
  return true;
}

bool fold_terminal_status(Call::Merge& merge, const Event& event, const json& data, State state) {
  std::string reason = text_of(data, "reason");
  if (reason.empty()) reason = text_of(data, "providerStatus");
  keep_better(merge.end, Call::End{Authority::provider, state, event.at, event.id, std::move(reason)});
  if (const auto found = data.find("duration"); found != data.end() && found->is_number_integer()) {
    merge.duration_s = std::max(merge.duration_s.value_or(0), found->get<std::int64_t>());
  }
  return true;
}

bool fold_status(Call::Merge& merge, const Event& event, const json& data) {
  const auto state = parse_state(text_of(data, "status"));
  if (!state) return false;
  fold_names(merge, data);
  if (is_terminal(*state)) return fold_terminal_status(merge, event, data, *state);
  if (*state >= State::connected) {
    mark_connected(merge, event.at);
  } else {
    merge.live = std::max(merge.live, *state);
  }
  if (*state == State::reconnecting) keep_newest(merge.lost_at, event.at);
  return true;
}

bool fold_closed(Call::Merge& merge, const Event& event, const json& data) {
  const auto authority = parse_authority(text_of(data, "authority"));
  const auto state = data.contains("state") ? parse_state(text_of(data, "state")) : State::ended;
  if (!authority || !state || !is_terminal(*state)) return false;
  keep_better(merge.end, Call::End{*authority, *state, event.at, event.id, text_of(data, "reason")});
  return true;
}

void keep_newest(std::optional<Call::Stream>& kept, const Event& event, const json& data) {
  Call::Stream stream{event.at, event.id, text_of(data, "streamId"), text_of(data, "node")};
  if (!kept || std::tie(kept->at, kept->event_id) < std::tie(stream.at, stream.event_id)) kept = std::move(stream);
}

bool fold_media_started(Call::Merge& merge, const Event& event, const json& data) {
  mark_connected(merge, event.at);
  keep_newest(merge.resumed_at, event.at);
  keep_newest(merge.stream, event, data);
  return true;
}

bool fold_media_ended(Call::Merge& merge, const Event& event, const json& data) {
  const auto ends = data.find("callEnds");
  if (ends == data.end() || !ends->is_boolean()) return false;
  keep_newest(merge.stream_over, event, data);
  if (ends->get<bool>()) {
    keep_better(merge.end, Call::End{Authority::gateway, State::ended, event.at, event.id, text_of(data, "cause")});
  }
  return true;
}

void fold_member(Call::Merge& merge, const json& given, std::int64_t sequence, WallTime at) {
  const std::string id = given.is_object() ? text_of(given, "id") : "";
  if (id.empty() || (merge.members.size() >= max_members && !merge.members.contains(id))) return;
  const auto [found, is_new] = merge.members.try_emplace(id, Call::Member{text_of(given, "address"), at, sequence});
  if (is_new) return;
  Call::Member& member = found->second;
  member.address = std::max(member.address, text_of(given, "address"));
  member.joined_at = std::min(member.joined_at, at);
  member.last_seen = std::max(member.last_seen, sequence);
}

bool fold_participants(Call::Merge& merge, const Event& event, const json& data) {
  const auto sequence = data.find("sequence");
  const auto members = data.find("participants");
  if (sequence == data.end() || !sequence->is_number_integer() || members == data.end() || !members->is_array()) {
    return false;
  }
  const auto place = sequence->get<std::int64_t>();
  if (merge.rosters.size() >= max_rosters && !merge.rosters.contains(place)) return false;
  const auto [roster, is_new] = merge.rosters.try_emplace(place, event.at);
  if (!is_new) roster->second = std::min(roster->second, event.at);
  for (const json& given : *members) fold_member(merge, given, place, event.at);
  return true;
}

bool fold_evidence(Call& call, const Event& event, const json& data) {
  switch (event.type) {
    case EventType::call_received:
      return fold_received(call, event, data);
    case EventType::call_status:
      return fold_status(call.merge, event, data);
    case EventType::call_closed:
      return fold_closed(call.merge, event, data);
    case EventType::call_reconnecting:
      keep_newest(call.merge.lost_at, event.at);
      return true;
    case EventType::call_reconnected:
      keep_newest(call.merge.resumed_at, event.at);
      return true;
    case EventType::media_started:
      return fold_media_started(call.merge, event, data);
    case EventType::media_ended:
      return fold_media_ended(call.merge, event, data);
    case EventType::participants_changed:
      return fold_participants(call.merge, event, data);
    default:
      return false;  // what happens in a call does not move it
  }
}

bool moves_a_call(EventType type) {
  return type <= EventType::participants_changed;
}

// Who was connected was not busy: a provider may tell how the line went down with the words for a call that never came
// about (a SIP 486 or 603 at the end of a conversation).
bool says_never_connected(const Call::End& end) {
  static constexpr std::array states = {State::busy, State::declined, State::missed, State::cancelled};
  return end.authority == Authority::provider && std::ranges::find(states, end.state) != states.end();
}

State state_of(const Call::Merge& merge) {
  if (merge.end && merge.connected_at && says_never_connected(*merge.end)) return State::ended;
  if (merge.end) return merge.end->state;
  if (merge.live == State::connected && merge.lost_at > merge.resumed_at) return State::reconnecting;
  return merge.live;
}

std::string node_of(const Call::Merge& merge) {
  const bool runs = merge.stream && (!merge.stream_over || merge.stream_over->id != merge.stream->id);
  return runs ? merge.stream->node : "";
}

void show_times(Call& call) {
  const Call::Merge& merge = call.merge;
  // Clocks differ, and callbacks may carry whole seconds or nonsense: nothing happens to a call before it is there.
  call.connected_at = merge.connected_at;
  if (call.connected_at) call.connected_at = std::max(*call.connected_at, call.created_at);
  if (!merge.end) return;
  call.ended_at = std::max(merge.end->at, call.created_at);
  // All that Twilio sends unless it is asked for more is the end, with the time talked.
  if (!call.connected_at && merge.duration_s > 0 && merge.end->state == State::ended) {
    call.connected_at = std::max(*call.ended_at - std::chrono::seconds(*merge.duration_s), call.created_at);
  }
  call.end_reason = merge.end->reason;
  // Nor after its end.
  if (call.connected_at) call.connected_at = std::min(*call.connected_at, *call.ended_at);
  const auto talked = call.connected_at ? *call.ended_at - *call.connected_at : milliseconds{0};
  call.duration_s = merge.duration_s.value_or(std::chrono::floor<std::chrono::seconds>(talked).count());
}

// Out of the call since the first list without him after the last one with him.
std::optional<WallTime> left_at(const Call& call, const Call::Member& member) {
  const auto without = call.merge.rosters.upper_bound(member.last_seen);
  return without == call.merge.rosters.end() ? call.ended_at : std::max(member.joined_at, without->second);
}

void show_members(Call& call) {
  const std::size_t parties = call.participants.size();
  for (const auto& [id, member] : call.merge.members) {
    const auto end = call.participants.begin() + static_cast<std::ptrdiff_t>(parties);
    const auto party = std::find_if(call.participants.begin(), end, [&](const Participant& one) {
      return !one.address.empty() && one.address == member.address;
    });
    if (party == end) {
      call.participants.push_back({id, member.address, "participant", member.joined_at, left_at(call, member)});
    } else {
      party->left_at = left_at(call, member);
    }
  }
}

void show_facts(Call& call) {
  if (!call.merge.facts) return;
  const Call::Facts& facts = *call.merge.facts;
  call.direction = facts.direction;
  call.from = facts.from;
  call.to = facts.to;
  call.route = facts.route;
  call.metadata = facts.metadata;
  for (const auto& [kind, name] : call.merge.names) call.metadata[kind] = name;
  call.participants = {
      {"caller", facts.from, "caller", call.created_at, call.ended_at},
      {"callee", facts.to, "callee", call.connected_at, call.connected_at ? call.ended_at : std::nullopt},
  };
  show_members(call);
}

}  // namespace

void apply(Call& call, const Event& event) {
  call.version = std::max(call.version, event.version);
  const bool first = event.version == 1;
  if (first) call.created_at = event.at;
  const json data = moves_a_call(event.type) ? json::parse(event.data, nullptr, false) : json();
  const bool moved = data.is_object() && fold_evidence(call, event, data);
  if (first || moved) derive(call);
}

void derive(Call& call) {
  call.state = state_of(call.merge);
  call.node = node_of(call.merge);
  show_times(call);
  show_facts(call);
}

std::string ended_by(const Call& call) {
  return call.merge.end ? std::string(to_string(call.merge.end->authority)) : "";
}

std::string outcome(const Call& call) {
  return is_terminal(call.state) ? std::string(to_string(call.state)) : "";
}

std::optional<MappedStatus> map_twilio_status(std::string_view status) {
  struct Row {
    std::string_view word;
    MappedStatus mapped;
  };
  static constexpr std::array rows = {
      Row{"queued", {State::initiating, ""}},
      Row{"initiated", {State::initiating, ""}},
      Row{"ringing", {State::ringing, ""}},
      Row{"in-progress", {State::connected, ""}},
      Row{"answered", {State::connected, ""}},
      Row{"completed", {State::ended, "completed"}},
      Row{"busy", {State::busy, "busy"}},
      Row{"failed", {State::failed, "failed"}},
      Row{"no-answer", {State::missed, "no-answer"}},
      Row{"canceled", {State::cancelled, "canceled"}},
  };
  for (const Row& row : rows) {
    if (row.word == status) return row.mapped;
  }
  return std::nullopt;
}

}  // namespace trunkline::calls

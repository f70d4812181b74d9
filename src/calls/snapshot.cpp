#include "derive.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/calls/fold.hpp>

#include <nlohmann/json.hpp>

// A snapshot holds what the events have said and who the call is; everything else about a call follows from that.
namespace trunkline::calls {
namespace {

using json = nlohmann::json;

/// Writes one JSON object, to its end when it goes. Without a tree: this is done for each event of each call, twice.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }
  ~Object() { out_ += '}'; }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  /// What the member is, is to be appended there.
  std::string& member(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    text::append_json_string(out_, name);
    return out_ += ':';
  }
  void put(std::string_view name, std::string_view text) { text::append_json_string(member(name), text); }
  void put(std::string_view name, std::int64_t number) { member(name) += std::to_string(number); }
  void put(std::string_view name, WallTime time) { put(name, std::int64_t{to_millis(time)}); }
  template <class T>
  void put(std::string_view name, const std::optional<T>& value) {
    if (value) {
      put(name, *value);
    } else {
      member(name) += "null";
    }
  }
  void put(std::string_view name, const std::map<std::string, std::string>& texts) {
    Object object(member(name));
    for (const auto& [key, text] : texts) object.put(key, text);
  }
  void put(std::string_view name, const Call::Facts& facts) {
    Object object(member(name));
    object.put("at", facts.at);
    object.put("event", facts.event_id);
    object.put("direction", to_string(facts.direction));
    object.put("from", facts.from);
    object.put("to", facts.to);
    object.put("route", facts.route);
    object.put("metadata", facts.metadata);
  }
  void put(std::string_view name, const Call::End& end) {
    Object object(member(name));
    object.put("at", end.at);
    object.put("event", end.event_id);
    object.put("authority", to_string(end.authority));
    object.put("state", to_string(end.state));
    object.put("reason", end.reason);
  }
  void put(std::string_view name, const Call::Stream& stream) {
    Object object(member(name));
    object.put("at", stream.at);
    object.put("event", stream.event_id);
    object.put("id", stream.id);
    object.put("node", stream.node);
  }
  void put_members(const Call::Merge& merge) {
    {
      Object members(member("members"));
      for (const auto& [id, one] : merge.members) {
        Object object(members.member(id));
        object.put("address", one.address);
        object.put("joinedAt", one.joined_at);
        object.put("lastSeen", one.last_seen);
      }
    }
    Object rosters(member("rosters"));
    for (const auto& [sequence, at] : merge.rosters) rosters.put(std::to_string(sequence), at);
  }
  void put(std::string_view name, const Call::Merge& merge) {
    Object object(member(name));
    object.put("live", to_string(merge.live));
    object.put("connectedAt", merge.connected_at);
    object.put("lostAt", merge.lost_at);
    object.put("resumedAt", merge.resumed_at);
    object.put("duration", merge.duration_s);
    object.put("facts", merge.facts);
    object.put("end", merge.end);
    object.put("stream", merge.stream);
    object.put("streamOver", merge.stream_over);
    if (!merge.names.empty()) object.put("names", merge.names);
    if (!merge.rosters.empty()) object.put_members(merge);
  }

 private:
  std::string& out_;
};

// The get_* throw json::exception or bad_optional_access on a damaged snapshot; from_snapshot() makes an Error of it.

std::optional<WallTime> get_time(const json& merge, const char* key) {
  const json& value = merge.at(key);
  return value.is_null() ? std::nullopt : std::optional(from_millis(value.get<std::int64_t>()));
}

Call::Facts get_facts(const json& in) {
  return {from_millis(in.at("at").get<std::int64_t>()),
          in.at("event").get<std::string>(),
          parse_direction(in.at("direction").get<std::string>()).value(),
          in.at("from").get<std::string>(),
          in.at("to").get<std::string>(),
          in.at("route").get<std::string>(),
          in.at("metadata").get<std::map<std::string, std::string>>()};
}

Call::End get_end(const json& in) {
  return {parse_authority(in.at("authority").get<std::string>()).value(),
          parse_state(in.at("state").get<std::string>()).value(), from_millis(in.at("at").get<std::int64_t>()),
          in.at("event").get<std::string>(), in.at("reason").get<std::string>()};
}

// Snapshots of before there were several nodes have none.
std::optional<Call::Stream> get_stream(const json& merge, const char* key) {
  const auto found = merge.find(key);
  if (found == merge.end() || found->is_null()) return std::nullopt;
  return Call::Stream{from_millis(found->at("at").get<std::int64_t>()), found->at("event").get<std::string>(),
                      found->at("id").get<std::string>(), found->at("node").get<std::string>()};
}

// Only calls have them whose provider gives names and lists.
void get_members(const json& merge, Call::Merge& out) {
  if (const auto found = merge.find("names"); found != merge.end()) {
    out.names = found->get<std::map<std::string, std::string>>();
  }
  if (!merge.contains("rosters")) return;
  for (const auto& [id, one] : merge.at("members").items()) {
    out.members[id] = {one.at("address").get<std::string>(), from_millis(one.at("joinedAt").get<std::int64_t>()),
                       one.at("lastSeen").get<std::int64_t>()};
  }
  for (const auto& [sequence, at] : merge.at("rosters").items()) {
    out.rosters[text::to_int(sequence).value()] = from_millis(at.get<std::int64_t>());
  }
}

Call get_call(const json& in) {
  Call call;
  call.id = in.at("id").get<std::string>();
  call.provider = in.at("provider").get<std::string>();
  call.provider_call_id = in.at("providerCallId").get<std::string>();
  call.created_at = from_millis(in.at("createdAt").get<std::int64_t>());
  call.version = in.at("version").get<std::int64_t>();
  const json& merge = in.at("merge");
  call.merge.live = parse_state(merge.at("live").get<std::string>()).value();
  call.merge.connected_at = get_time(merge, "connectedAt");
  call.merge.lost_at = get_time(merge, "lostAt");
  call.merge.resumed_at = get_time(merge, "resumedAt");
  if (!merge.at("duration").is_null()) call.merge.duration_s = merge.at("duration").get<std::int64_t>();
  if (!merge.at("facts").is_null()) call.merge.facts = get_facts(merge.at("facts"));
  if (!merge.at("end").is_null()) call.merge.end = get_end(merge.at("end"));
  call.merge.stream = get_stream(merge, "stream");
  call.merge.stream_over = get_stream(merge, "streamOver");
  get_members(merge, call.merge);
  derive(call);
  return call;
}

}  // namespace

std::string to_snapshot(const Call& call) {
  std::string out;
  {
    Object object(out);
    object.put("id", call.id);
    object.put("provider", call.provider);
    object.put("providerCallId", call.provider_call_id);
    object.put("createdAt", call.created_at);
    object.put("version", call.version);
    object.put("merge", call.merge);
  }
  return out;
}

Result<Call> from_snapshot(std::string_view text) {
  try {
    return get_call(json::parse(text));
  } catch (const json::exception& error) {
    return make_error("store_failed", "a stored call could not be read", error.what());
  } catch (const std::bad_optional_access&) {
    return make_error("store_failed", "a stored call could not be read", "unknown word in the snapshot");
  }
}

}  // namespace trunkline::calls

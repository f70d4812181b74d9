#include "derive.hpp"

#include <trunkline/calls/fold.hpp>

#include <nlohmann/json.hpp>

// A snapshot holds what the events have said and who the call is; everything else about a call follows from that.
namespace trunkline::calls {
namespace {

using json = nlohmann::json;

json put(const std::optional<WallTime>& time) {
  return time ? json(to_millis(*time)) : json(nullptr);
}

json put(const Call::Facts& facts) {
  return {{"at", to_millis(facts.at)}, {"event", facts.event_id}, {"direction", to_string(facts.direction)},
          {"from", facts.from},        {"to", facts.to},          {"route", facts.route},
          {"metadata", facts.metadata}};
}

json put(const Call::End& end) {
  return {{"at", to_millis(end.at)},
          {"event", end.event_id},
          {"authority", to_string(end.authority)},
          {"state", to_string(end.state)},
          {"reason", end.reason}};
}

json put(const std::optional<Call::Stream>& stream) {
  if (!stream) return nullptr;
  return {{"at", to_millis(stream->at)}, {"event", stream->event_id}, {"id", stream->id}, {"node", stream->node}};
}

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
  derive(call);
  return call;
}

}  // namespace

std::string to_snapshot(const Call& call) {
  const Call::Merge& merge = call.merge;
  const json out = {{"id", call.id},
                    {"provider", call.provider},
                    {"providerCallId", call.provider_call_id},
                    {"createdAt", to_millis(call.created_at)},
                    {"version", call.version},
                    {"merge",
                     {{"live", to_string(merge.live)},
                      {"connectedAt", put(merge.connected_at)},
                      {"lostAt", put(merge.lost_at)},
                      {"resumedAt", put(merge.resumed_at)},
                      {"duration", merge.duration_s ? json(*merge.duration_s) : json(nullptr)},
                      {"facts", merge.facts ? put(*merge.facts) : json(nullptr)},
                      {"end", merge.end ? put(*merge.end) : json(nullptr)},
                      {"stream", put(merge.stream)},
                      {"streamOver", put(merge.stream_over)}}}};
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
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

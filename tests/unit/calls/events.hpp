#pragma once

#include <trunkline/calls/fold.hpp>

#include <string>

namespace trunkline::calls::test {

/// An event `ms` after the start of all times.
inline Event make_event(std::string id, EventType type, std::int64_t ms, std::string data = "{}") {
  Event event;
  event.id = std::move(id);
  event.call_id = "call_1";
  event.type = type;
  event.at = from_millis(ms);
  event.data = std::move(data);
  return event;
}

inline Event received(std::int64_t ms, const std::string& route = "default") {
  Event event = make_event("evt_received", EventType::call_received, ms,
                           R"({"provider":"twilio","providerCallId":"CA1","direction":"inbound","from":"+14155550100",)"
                           R"("to":"+14155550199","route":")" +
                               route + R"(","metadata":{"FromCity":"Oslo"}})");
  event.version = 1;
  return event;
}

inline Event status(std::string id, std::int64_t ms, State state, const std::string& more = "") {
  return make_event(std::move(id), EventType::call_status, ms,
                    R"({"status":")" + std::string(to_string(state)) + "\"" + more + "}");
}

inline Event closed(std::string id, std::int64_t ms, Authority authority, State state, const std::string& reason) {
  return make_event(std::move(id), EventType::call_closed, ms,
                    R"({"authority":")" + std::string(to_string(authority)) + R"(","state":")" +
                        std::string(to_string(state)) + R"(","reason":")" + reason + "\"}");
}

inline Call fold(std::initializer_list<Event> events) {
  Call call;
  call.id = "call_1";
  for (const Event& event : events) apply(call, event);
  return call;
}

}  // namespace trunkline::calls::test

#include "reaper.hpp"

#include <trunkline/calls/fold.hpp>

#include <array>
#include <initializer_list>
#include <vector>

namespace trunkline::calls {
namespace {

struct Step {
  EventType type;
  std::string data;
};

struct Column {
  std::string title;
  std::vector<Step> history;  ///< what brings a new call there
};

struct Line {
  std::string title;
  Step step;
};

Step status(State state) {
  return {EventType::call_status, R"({"status":")" + std::string(to_string(state)) + "\"}"};
}

Step closed(Authority authority, State state) {
  return {EventType::call_closed, R"({"authority":")" + std::string(to_string(authority)) + R"(","state":")" +
                                      std::string(to_string(state)) + "\"}"};
}

const Step lost = {EventType::call_reconnecting, "{}"};

std::vector<Column> columns() {
  std::vector<Column> out;
  for (const State state : {State::initiating, State::ringing, State::connecting, State::connected}) {
    out.push_back({std::string(to_string(state)), {status(state)}});
  }
  out.push_back({"RECONNECTING", {status(State::connected), lost}});
  out.push_back({"MISSED, by the gateway", {closed(Authority::gateway, State::missed)}});
  out.push_back({"ENDED, by command", {closed(Authority::command, State::ended)}});
  out.push_back({"DECLINED, by command", {closed(Authority::command, State::declined)}});
  out.push_back({"FAILED, by the provider", {status(State::failed)}});
  out.push_back({"ENDED, by the provider", {status(State::ended)}});
  return out;
}

std::vector<Line> lines() {
  std::vector<Line> out;
  out.push_back({"`call.received`", {EventType::call_received, R"({"direction":"inbound"})"}});
  for (const State state : {State::initiating, State::ringing, State::connecting, State::connected, State::ended,
                            State::busy, State::failed, State::missed, State::cancelled}) {
    out.push_back({"`call.status` " + std::string(to_string(state)), status(state)});
  }
  out.push_back({"`call.reconnecting`", lost});
  out.push_back({"`call.reconnected`", {EventType::call_reconnected, "{}"}});
  out.push_back({"`media.started`", {EventType::media_started, "{}"}});
  out.push_back({"`media.ended`, the call goes on", {EventType::media_ended, R"({"callEnds":false})"}});
  out.push_back({"`media.ended`, `callEnds`", {EventType::media_ended, R"({"callEnds":true})"}});
  out.push_back({"`call.closed` by the gateway", closed(Authority::gateway, State::ended)});
  out.push_back({"`call.closed` by command", closed(Authority::command, State::ended)});
  out.push_back({"`call.closed` by command, declined", closed(Authority::command, State::declined)});
  return out;
}

// Each event happens a second after the one before.
void fold(Call& call, const Step& step, int second) {
  Event event;
  event.id = "evt_" + std::to_string(second);
  event.type = step.type;
  event.at = from_millis(second * 1000);
  event.data = step.data;
  apply(call, event);
}

std::string outcome(const Column& column, const Line& line) {
  Call call;
  int second = 1;
  for (const Step& step : column.history) fold(call, step, second++);
  const State before = call.state;
  fold(call, line.step, second);
  return call.state == before ? "·" : std::string(to_string(call.state));
}

void append_row(std::string& out, const std::vector<std::string>& cells) {
  out += "|";
  for (const std::string& cell : cells) out.append(" ").append(cell).append(" |");
  out += "\n";
}

std::string event_table() {
  const auto heads = columns();
  std::vector<std::string> titles = {"event"};
  for (const Column& column : heads) titles.push_back(column.title);
  std::string out;
  append_row(out, titles);
  append_row(out, std::vector<std::string>(titles.size(), "---"));
  for (const Line& line : lines()) {
    std::vector<std::string> cells = {line.title};
    for (const Column& column : heads) cells.push_back(outcome(column, line));
    append_row(out, cells);
  }
  return out;
}

std::string reaper_table() {
  const config::Calls defaults;
  std::string out;
  append_row(out, {"state", "without an event for (default)", "becomes", "reason"});
  append_row(out, {"---", "---", "---", "---"});
  const auto row = [&](std::string state, std::chrono::seconds patience, const Closing& closing) {
    append_row(out, {std::move(state), std::to_string(patience.count()) + " s", std::string(to_string(closing.state)),
                     "`" + std::string(closing.reason) + "`"});
  };
  for (const State state :
       {State::initiating, State::ringing, State::connecting, State::connected, State::reconnecting}) {
    row(std::string(to_string(state)), patience_with(state, defaults), closing_of(state));
  }
  row("any, since its creation", defaults.max_duration, too_long);
  return out;
}

}  // namespace

std::string transition_table() {
  return "What each event makes of each state; `·` changes nothing.\n\n" + event_table() +
         "\nHow the gateway closes a call from which nothing more comes. Calls with running media are spared, but for "
         "their greatest age.\n\n" +
         reaper_table();
}

}  // namespace trunkline::calls

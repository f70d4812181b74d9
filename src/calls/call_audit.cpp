#include "call_audit.hpp"

#include "derive.hpp"

#include <trunkline/base/json.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/calls/fold.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace trunkline::calls {
namespace {

using nlohmann::json;

constexpr std::size_t max_shown = 200;  // bytes of a value
const std::string nothing = "nothing";

std::string shown(std::optional<std::int64_t> number) {
  return number ? std::to_string(*number) : nothing;
}
std::string shown(const std::optional<WallTime>& time) {
  return time ? shown(to_millis(*time)) : nothing;
}

// Names of members alone: the values are numbers of callers and what providers sent.
std::string differing_members(const json& expected, const json& found) {
  const json one = expected.flatten();
  const json other = found.flatten();
  std::set<std::string> names;
  for (const auto& [name, value] : one.items()) {
    if (!other.contains(name) || other[name] != value) names.insert(name);
  }
  for (const auto& [name, value] : other.items()) {
    if (!one.contains(name)) names.insert(name);
  }
  std::string list;
  for (const std::string& name : names) list.append(list.empty() ? "" : ", ").append(name);
  return list;
}

// Snapshots of before there were several nodes do not say where streams run.
Call as_told_by(const json& snapshot, Call folded) {
  if (snapshot.contains("merge") && snapshot["merge"].contains("stream")) return folded;
  folded.merge.stream.reset();
  folded.merge.stream_over.reset();
  derive(folded);
  return folded;
}

}  // namespace

void CallAudit::differ(std::string_view what, std::string id, std::string expected, std::string found) {
  expected.resize(std::min(expected.size(), max_shown));
  found.resize(std::min(found.size(), max_shown));
  report_.add({std::string(what), std::move(id), std::move(expected), std::move(found)});
}

void CallAudit::take_event(const store::Row& row) {
  ++report_.events;
  Event event;
  event.call_id = row.text(0);
  event.version = row.integer(1);
  event.id = row.text(2);
  event.at = from_millis(row.integer(4));
  event.data = row.text(6);
  if (event.version != last_version_ + 1)
    differ("event.version", event.id, shown(last_version_ + 1), shown(event.version));
  last_version_ = event.version;
  check_place(row);
  const auto type = parse_event_type(row.text(3));
  if (!type) return differ("event.type", event.id, "a type of events", row.text(3));
  event.type = *type;
  apply(folded_, event);
  if (to_string(folded_.state) != row.text(5))
    differ("event.state", event.id, std::string(to_string(folded_.state)), row.text(5));
  note_claims(event);
}

void CallAudit::check_place(const store::Row& row) {
  const std::string& id = row.text(2);
  const auto seq = row.integer_or_null(7);
  const bool waits = row.integer_or_null(8).has_value();
  if (seq.has_value() == waits)
    differ("event.number", id, "a place in the log, or one in the outbox", seq ? "both" : "neither");
  if (!seq) {
    one_waits_ = true;
    return;
  }
  if (one_waits_)
    differ("event.order", id, "no place before the version before it has one", shown(seq));
  else if (*seq <= last_seq_)
    differ("event.order", id, "a place after " + shown(last_seq_), shown(seq));
  last_seq_ = *seq;
}

// The provider's own recordings, and what an event does not name, have no rows.
void CallAudit::note_claims(const Event& event) {
  const bool completed = event.type == EventType::recording_completed;
  const bool recording = completed || event.type == EventType::recording_failed;
  if (!recording && event.type != EventType::transcript_segment) return;
  const json data = json::parse(event.data, nullptr, false);
  if (!data.is_object()) return;
  std::string id = text_of(data, recording ? "recordingId" : "segmentId");
  if (id.empty()) return;
  if (!recording) {
    told_.insert(std::move(id));
    return;
  }
  const bool corrects = data.value("correction", json()) == true;
  const bool first = settled_.insert_or_assign(id, completed ? "completed" : "failed").second;
  if (!first && !corrects) differ("recording.twice", id, "one event that settles it", event.id);
}

void CallAudit::take_recording(const store::Row& row) {
  ++report_.recordings;
  const std::string& id = row.text(1);
  const auto told = settled_.extract(id);
  const std::string expected = told.empty() ? "recording" : told.mapped();
  if (expected != row.text(2)) differ("recording.state", id, expected, row.text(2));
}

void CallAudit::take_segment(const store::Row& row) {
  ++report_.segments;
  if (told_.erase(row.text(1)) == 0) differ("segment.event", row.text(1), "an event that tells it", nothing);
}

VerifyReport CallAudit::finish() {
  ++report_.calls;
  const std::string& id = row_.text(0);
  for (const auto& [recording, state] : settled_) differ("recording.row", recording, state, nothing);
  for (const std::string& segment : told_) differ("segment.row", segment, "the segment that an event tells", nothing);
  if (last_version_ == 0) {
    differ("call.events", id, "at least one", nothing);
  } else {
    folded_.id = id;
    compare_columns();
    compare_snapshot();
  }
  return std::move(report_);
}

void CallAudit::compare_columns() {
  const Call& call = folded_;
  const auto number = [this](std::size_t column) { return shown(row_.integer_or_null(column)); };
  struct Column {
    std::string_view what;
    std::string expected;
    std::string found;
  };
  const std::array columns = {
      Column{"call.provider", call.provider, row_.text(1)},
      Column{"call.provider_call_id", call.provider_call_id, row_.text(2)},
      Column{"call.direction", std::string(to_string(call.direction)), row_.text(3)},
      Column{"call.state", std::string(to_string(call.state)), row_.text(4)},
      Column{"call.terminal", is_terminal(call.state) ? "1" : "0", number(5)},
      Column{"call.created_at", shown(std::optional(call.created_at)), number(8)},
      Column{"call.connected_at", shown(call.connected_at), number(9)},
      Column{"call.ended_at", shown(call.ended_at), number(10)},
      Column{"call.duration_s", shown(call.duration_s), number(11)},
      Column{"call.end_reason", call.end_reason, row_.text(12)},
      Column{"call.version", shown(std::optional(call.version)), number(13)},
      Column{"call.node", call.node, row_.text(14)},
      Column{"call.ended_by", ended_by(call), row_.text(16)},
      Column{"call.outcome", outcome(call), row_.text(17)},
  };
  for (const auto& [what, expected, found] : columns) {
    if (expected != found) differ(what, row_.text(0), expected, found);
  }
  if (call.from != row_.text(6))
    differ("call.from_address", row_.text(0), text::mask_number(call.from), text::mask_number(row_.text(6)));
  if (call.to != row_.text(7))
    differ("call.to_address", row_.text(0), text::mask_number(call.to), text::mask_number(row_.text(7)));
}

void CallAudit::compare_snapshot() {
  const std::string& snapshot = row_.text(15);
  const auto stored = from_snapshot(snapshot);
  if (!stored) return differ("call.snapshot", row_.text(0), "a snapshot", "what cannot be read");
  const std::string expected = to_snapshot(as_told_by(json::parse(snapshot), folded_));
  const std::string found = to_snapshot(*stored);
  if (expected == found) return;
  differ("call.snapshot", row_.text(0), "what the events say",
         "other values of " + differing_members(json::parse(expected), json::parse(found)));
}

}  // namespace trunkline::calls

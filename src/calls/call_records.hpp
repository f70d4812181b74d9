#pragma once

#include "call_log.hpp"

#include <trunkline/calls/call.hpp>
#include <trunkline/calls/call_records.hpp>
#include <trunkline/calls/event.hpp>
#include <trunkline/store/sql.hpp>

#include <string>
#include <vector>

// What follows from a call and its events, as rows for those who ask in SQL.
namespace trunkline::calls {

/// What else the provider calls it; a name that another call has stays with that.
void add_names(CallLog& log, const Call& call);

/// Rows of those who were not among `before`, or not like that. Durations are the database's to fill in.
void add_participants(CallLog& log, const Call& call, const std::vector<Participant>& before);

/// What an event brings: a segment of a transcript, or a row for each track that a quality_summary or quality_alert
/// tells of.
void add_records(CallLog& log, const Call& call, const Event& event);

/// The newest, at most `max_quality_rows`, in the order of time.
std::vector<QualityMetrics> find_quality(store::Sql& sql, const std::string& call_id);

}  // namespace trunkline::calls

#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/store/sql.hpp>

#include <cstdint>
#include <optional>
#include <string>

// How far the log has been published: a row that one node at a time has, for a time by the clock of the database.
namespace trunkline::events::grid {

/// The place, for who has it now; nothing when it is another node's. It begins at the end of the log.
std::optional<std::int64_t> claim(store::Sql& sql, const std::string& node_id, milliseconds time);

/// Lets another node have it.
void release(store::Sql& sql, const std::string& node_id);

/// False when it is no longer that node's, or not where the node left it.
bool move(store::Sql& sql, const std::string& node_id, std::int64_t from, std::int64_t to);

}  // namespace trunkline::events::grid

#pragma once

#include <trunkline/base/offload.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/speech/render.hpp>

#include <string>
#include <vector>

namespace trunkline::store {
class Database;
}

namespace trunkline::speech {

/// The call's final segments in the order they were spoken, at most 10,000; empty for an unknown call. Errors are the
/// database's.
asio::awaitable<Result<std::vector<StoredSegment>>> transcript_of(store::Database& database, std::string call_id);

}  // namespace trunkline::speech

#include <trunkline/speech/transcript_of.hpp>
#include <trunkline/store/sql.hpp>

namespace trunkline::speech {
namespace {

using Segments = std::vector<StoredSegment>;

constexpr std::string_view query =
    "SELECT id, track, start_ms, end_ms, text, confidence, engine, language FROM transcript_segments "
    "WHERE call_id = $1 ORDER BY start_ms, id LIMIT 10000";

StoredSegment read(const store::Row& row) {
  StoredSegment stored{row.text(0), {}};
  auto& segment = stored.segment;
  segment.track = media::parse_track(row.text(1)).value_or(media::Track::inbound);
  segment.start_ms = row.integer(2);
  segment.end_ms = row.integer(3);
  segment.text = row.text(4);
  segment.confidence = row.real(5);
  segment.engine = row.text(6);
  segment.language = row.text(7);
  return stored;
}

}  // namespace

asio::awaitable<Result<Segments>> transcript_of(store::Database& database, std::string call_id) {
  // Named, not a temporary: g++ 12 destroys temporaries of a co_await expression twice.
  auto work = [call_id = std::move(call_id)](store::Sql& sql) -> Result<Segments> {
    Segments segments;
    for (const auto& row : sql.query(query, {call_id})) segments.push_back(read(row));
    return segments;
  };
  co_return co_await database.read<Segments>(std::move(work));
}

}  // namespace trunkline::speech

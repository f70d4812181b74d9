#include "support/any_database.hpp"
#include "unit/recording/fixture.hpp"

#include <trunkline/recording/library.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

namespace trunkline::recording {
namespace {

// A library over a real database with one call.
struct Fixture {
  store::test::AnyDatabase home;
  TemporaryFolder folder;
  asio::io_context loop;
  std::unique_ptr<store::Database> database = home.open();
  Library library{*database, folder / "recordings"};

  void execute(std::string_view statement) {
    REQUIRE(database
                ->write_blocking<void>([&](store::Sql& sql) -> Result<> {
                  sql.execute(statement);
                  return {};
                })
                .has_value());
  }
  void add_call(const std::string& id) {
    execute(
        "INSERT INTO calls (id, provider, provider_call_id, direction, state, terminal, from_address, to_address, "
        "created_at, end_reason, version, touched_at, snapshot) VALUES ('" +
        id + "', 'twilio', 'CA-" + id + "', 'inbound', 'CONNECTED', 0, '', '', 1, '', 1, 1, '{}')");
  }
  void add_recording(const std::string& id, const std::string& call_id, std::int64_t started_at) {
    execute(
        "INSERT INTO call_recordings (id, call_id, state, path, started_at, channels, sample_rate, format) VALUES ('" +
        id + "', '" + call_id + "', 'recording', '2026/11/20/" + id + ".wav', " + std::to_string(started_at) +
        ", 2, 8000, 'wav')");
  }

  template <class T>
  T await(asio::awaitable<T> work) {
    std::optional<T> answer;
    asio::co_spawn(loop, std::move(work), [&](const std::exception_ptr& failure, T value) {
      REQUIRE_FALSE(failure);
      answer = std::move(value);
    });
    loop.restart();
    loop.run();
    REQUIRE(answer.has_value());
    return std::move(*answer);
  }
};

FileFacts facts() {
  FileFacts facts;
  facts.duration_ms = 1234;
  facts.size_bytes = 39'532;
  facts.sha256 = std::string(64, 'a');
  return facts;
}

}  // namespace

TEST_CASE("A recording is found as its row tells it") {
  Fixture f;
  f.add_call("call_1");
  f.add_recording("rec_1", "call_1", 1000);
  const auto before = f.await(f.library.find("rec_1"));
  REQUIRE(before.has_value());
  CHECK(before->state == "recording");
  CHECK(before->call_id == "call_1");
  CHECK(before->started_at == from_millis(1000));
  CHECK_FALSE(before->completed_at);
  CHECK(f.library.file_of(*before) == f.folder / "recordings" / "2026/11/20/rec_1.wav");

  f.execute(
      "UPDATE call_recordings SET state = 'failed', completed_at = 2000, duration_ms = 1234, size_bytes = 39532, "
      "sha256 = 'abc', recovered = 1, failure = 'disk_failed' WHERE id = 'rec_1'");
  const auto after = f.await(f.library.find("rec_1"));
  REQUIRE(after.has_value());
  CHECK(after->state == "failed");
  CHECK(after->completed_at == from_millis(2000));
  CHECK(after->facts.duration_ms == 1234);
  CHECK(after->facts.size_bytes == 39'532);
  CHECK(after->facts.sha256 == "abc");
  CHECK(after->recovered);
  CHECK(after->failure == "disk_failed");
  CHECK(nlohmann::json::parse(to_json_text(*after))["failure"] == "disk_failed");
}

TEST_CASE("An unknown recording is an error to find") {
  Fixture f;
  CHECK(f.await(f.library.find("rec_x")).error().code == "recording_not_found");
}

TEST_CASE("The recordings of a call and those left unfinished come oldest first") {
  Fixture f;
  f.add_call("call_1");
  f.add_call("call_2");
  f.add_recording("rec_b", "call_1", 2000);
  f.add_recording("rec_a", "call_1", 3000);
  f.add_recording("rec_c", "call_2", 1000);
  const auto ids = [](const Result<std::vector<Recording>>& rows) {
    std::string text;
    for (const auto& row : rows.value()) text += row.id + " ";
    return text;
  };
  CHECK(ids(f.await(f.library.of_call("call_1"))) == "rec_b rec_a ");
  CHECK(ids(f.await(f.library.of_call("call_x"))).empty());
  CHECK(ids(f.await(f.library.unfinished("node_1"))) == "rec_c rec_b rec_a ");
  f.execute("UPDATE call_recordings SET state = 'completed' WHERE id = 'rec_b'");
  f.execute("UPDATE call_recordings SET state = 'failed' WHERE id = 'rec_c'");
  CHECK(ids(f.await(f.library.unfinished("node_1"))) == "rec_a ");
  f.execute("UPDATE call_recordings SET node = 'node_2'");
  CHECK(ids(f.await(f.library.unfinished("node_1"))).empty());
  CHECK(ids(f.await(f.library.unfinished("node_2"))) == "rec_a ");
}

TEST_CASE("A recording is shown as camelCase JSON, with null for what is not known yet") {
  Recording recording;
  recording.id = "rec_1";
  recording.call_id = "call_1";
  recording.state = "recording";
  recording.started_at = from_millis(1'790'000'000'123);
  const auto running = nlohmann::json::parse(to_json_text(recording));
  CHECK(running["recordingId"] == "rec_1");
  CHECK(running["callId"] == "call_1");
  CHECK(running["startedAt"] == "2026-09-21T14:13:20.123Z");
  CHECK(running["completedAt"].is_null());
  CHECK(running["sha256"].is_null());
  CHECK(running["channels"] == 2);
  CHECK(running["sampleRate"] == 8000);
  CHECK_FALSE(running.contains("failure"));
  CHECK_FALSE(running.contains("path"));

  recording.completed_at = from_millis(1'790'000'001'000);
  recording.facts = facts();
  const auto done = nlohmann::json::parse(to_json_text(recording));
  CHECK(done["completedAt"] == "2026-09-21T14:13:21.000Z");
  CHECK(done["durationMs"] == 1234);
  CHECK(done["sizeBytes"] == 39'532);
  CHECK(done["sha256"] == std::string(64, 'a'));
}

}  // namespace trunkline::recording

#include <trunkline/speech/transcript_of.hpp>
#include <trunkline/store/sql.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <optional>

using namespace trunkline;
using store::Value;

namespace {

/// A database that knows one answer and remembers what it was asked.
class OneAnswer final : public store::Database {
 public:
  std::vector<store::Row> rows;
  std::vector<Value> params;
  std::optional<Error> failure;

  std::string_view driver() const override { return "test"; }
  std::size_t queued() const override { return 0; }
  void stop() override {}

 protected:
  void submit(Access, std::function<Result<>(store::Sql&)> work, std::function<void(Result<>)> done) override {
    if (failure) return done(*failure);
    Answering sql(*this);
    done(work(sql));
  }

 private:
  class Answering final : public store::Sql {
   public:
    explicit Answering(OneAnswer& database) : database_(database) {}
    std::vector<store::Row> query(std::string_view, std::span<const Value> given) override {
      database_.params.assign(given.begin(), given.end());
      return database_.rows;
    }
    std::int64_t execute(std::string_view, std::span<const Value>) override { return 0; }
    void script(std::string_view) override {}
    std::string_view clock() const override { return "0"; }

   private:
    OneAnswer& database_;
  };
};

Result<std::vector<speech::StoredSegment>> ask(store::Database& database, const std::string& call_id) {
  asio::io_context loop;
  std::optional<Result<std::vector<speech::StoredSegment>>> answer;
  asio::co_spawn(loop, speech::transcript_of(database, call_id), [&](std::exception_ptr thrown, auto result) {
    REQUIRE_FALSE(thrown);
    answer.emplace(std::move(result));
  });
  loop.run();
  return std::move(*answer);
}

}  // namespace

TEST_CASE("a call's transcript is read from its rows") {
  OneAnswer database;
  database.rows.emplace_back(std::vector<Value>{std::string("seg_1"), std::string("inbound"), std::int64_t{1200},
                                                std::int64_t{2000}, std::string("yes"), 0.9, std::string("embedded"),
                                                std::string("en-US")});
  database.rows.emplace_back(std::vector<Value>{std::string("seg_2"), std::string("inbound-3"), std::int64_t{2500},
                                                std::int64_t{3000}, std::string("thanks"), 0.8, std::string("deepgram"),
                                                std::string("en-GB")});
  const auto transcript = ask(database, "call_1");
  REQUIRE(transcript.has_value());
  CHECK(database.params == std::vector<Value>{std::string("call_1")});
  REQUIRE(transcript->size() == 2);
  const auto& [id, first] = transcript->front();
  CHECK(id == "seg_1");
  CHECK(first.track == media::Track::inbound);
  CHECK(first.start_ms == 1200);
  CHECK(first.end_ms == 2000);
  CHECK(first.text == "yes");
  CHECK(first.confidence == 0.9);
  CHECK(first.final);
  CHECK(transcript->back().segment.track == media::further_track(1));
  CHECK(transcript->back().segment.language == "en-GB");
}

TEST_CASE("the database's error is the transcript's") {
  OneAnswer database;
  database.failure = make_error("store_unavailable", "no disk");
  CHECK(ask(database, "call_1").error().code == "store_unavailable");
}

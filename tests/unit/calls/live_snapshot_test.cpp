#include <trunkline/calls/fold.hpp>
#include <trunkline/calls/live_snapshot.hpp>

#include <catch2/catch.hpp>

#include <utility>
#include <vector>

namespace trunkline::calls {
namespace {

Call some_call() {
  Call call;
  call.id = "call_1";
  call.provider = "twilio";
  call.provider_call_id = "CA1";
  call.created_at = from_millis(1'790'000'000'000);
  call.version = 3;
  call.merge.live = State::connected;
  return call;
}

store::Hash shown() {
  store::Hash hash{{"version", "3"}, {"state", "CONNECTED"}};
  add_snapshot(hash, some_call(), from_millis(1'790'000'000'500));
  return hash;
}

TEST_CASE("a call that is shown to other nodes is whole for them, with the time at which it was so") {
  const auto found = find_snapshot(shown(), "call_1");
  REQUIRE(found.has_value());
  REQUIRE(found->has_value());
  CHECK(to_snapshot((*found)->call) == to_snapshot(some_call()));
  CHECK((*found)->call.state == State::connected);
  CHECK((*found)->read_at == from_millis(1'790'000'000'500));
}

TEST_CASE("a hash without a snapshot is no error") {
  CHECK_FALSE(find_snapshot({}, "call_1").value().has_value());
  CHECK_FALSE(find_snapshot({{"version", "3"}, {"state", "CONNECTED"}}, "call_1").value().has_value());
}

TEST_CASE("a snapshot that is damaged, of another call or of another version is none") {
  auto hash = shown();
  std::string id = "call_1";
  SECTION("not JSON") {
    hash["snapshot"] = "{";
  }
  SECTION("of another form") {
    hash["snapshot"] = R"({"id":"call_1"})";
  }
  SECTION("without its time") {
    hash.erase("asOf");
  }
  SECTION("with a time that is none") {
    hash["asOf"] = "yesterday";
  }
  SECTION("of another call") {
    id = "call_2";
  }
  SECTION("of another version") {
    hash["version"] = "4";
  }
  SECTION("of no version") {
    hash.erase("version");
  }
  CHECK(find_snapshot(hash, id).error().code == "live_damaged");
}

TEST_CASE("nodes tell each other of changes, a line a call") {
  const Changes changes{{"call_1", 3}, {"call_2", 14}};
  CHECK(to_message(changes) == "call_1 3\ncall_2 14\n");
  Changes heard;
  const auto hear = [&](const std::string& id, std::int64_t version) { heard[id] = version; };
  CHECK(read_changes(to_message(changes), hear));
  CHECK(heard == changes);
  CHECK(read_changes("", hear));
}

TEST_CASE("what is no change may be any") {
  std::vector<std::string> heard;
  const auto hear = [&](const std::string& id, std::int64_t) { heard.push_back(id); };
  for (const char* message : {"*", "call_1", "call_1 x\ncall_2 3", "call_1 99999999999999999999"}) {
    INFO(message);
    CHECK_FALSE(read_changes(message, hear));
  }
  CHECK(heard == std::vector<std::string>{"call_2"});
}

}  // namespace
}  // namespace trunkline::calls

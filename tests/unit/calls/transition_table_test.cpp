#include "support/committed_file.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/calls/fold.hpp>

#include <catch2/catch.hpp>

#include <algorithm>

namespace trunkline::calls {
namespace {

std::vector<std::string> cells_of(const std::string& table, std::string_view title) {
  std::vector<std::string> cells;
  for (const std::string_view line : text::split(table, '\n')) {
    if (!line.starts_with("| " + std::string(title) + " |")) continue;
    for (const std::string_view cell : text::split(line, '|')) cells.emplace_back(text::trim(cell));
  }
  return cells;
}

TEST_CASE("the transition table shows what apply() does") {
  const std::string table = transition_table();
  const auto heads = cells_of(table, "event");
  const auto column = [&](std::string_view title) {
    return static_cast<std::size_t>(std::find(heads.begin(), heads.end(), title) - heads.begin());
  };
  REQUIRE(column("RINGING") < heads.size());
  CHECK(cells_of(table, "`media.started`").at(column("RINGING")) == "CONNECTED");
  CHECK(cells_of(table, "`media.started`").at(column("RECONNECTING")) == "CONNECTED");
  CHECK(cells_of(table, "`call.status` RINGING").at(column("CONNECTED")) == "·");
  CHECK(cells_of(table, "`call.status` ENDED").at(column("MISSED, by the gateway")) == "ENDED");
  CHECK(cells_of(table, "`call.status` BUSY").at(column("DECLINED, by command")) == "·");
  CHECK(cells_of(table, "`call.closed` by command").at(column("FAILED, by the provider")) == "·");
}

TEST_CASE("the committed transition tables are what apply() does") {
  test::check_committed("docs/call-states.md", "# Call states\n\n" + transition_table());
}

TEST_CASE("the transition table says when the gateway closes a call") {
  const auto ringing = cells_of(transition_table(), "RINGING");
  CHECK(ringing == std::vector<std::string>{"", "RINGING", "120 s", "MISSED", "`timeout-ringing`", ""});
}

}  // namespace
}  // namespace trunkline::calls

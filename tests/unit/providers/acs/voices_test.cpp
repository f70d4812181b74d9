#include <catch2/catch.hpp>

#include <providers/acs/voices.hpp>

namespace trunkline::providers::acs {

using media::Track;

TEST_CASE("acs: inbound waits for the other party; when that is not known, it is the first voice's") {
  Voices known("+14155550100");
  CHECK(known.add("+14155550177") == media::further_track(0));
  CHECK(known.add("+14155550100") == Track::inbound);
  CHECK(known.add("+14155550100") == media::further_track(1));
  Voices unknown("");
  CHECK(unknown.add("+14155550177") == Track::inbound);
  CHECK(unknown.add("+14155550100") == media::further_track(0));
}

TEST_CASE("acs: as many voices as a stream may have all find a track of their own") {
  for (const char* far_end : {"", "nobody"}) {
    Voices voices(far_end);
    std::vector<Track> given;
    for (std::size_t i = 0; i < max_participants; ++i) given.push_back(voices.add("voice " + std::to_string(i)));
    std::ranges::sort(given);
    CHECK(std::ranges::adjacent_find(given) == given.end());
    CHECK(std::ranges::find(given, Track::outbound) == given.end());
  }
}

TEST_CASE("acs: voices share a clock; without one each goes on where it was, a new one where the call is") {
  Voices voices("");
  voices.add("a");
  voices.add("b");
  CHECK(voices.place(0, 5'000, 20) == 0);
  CHECK(voices.place(1, 5'010, 20) == 10);
  CHECK(voices.place(0, std::nullopt, 20) == 20);
  CHECK(voices.place(1, std::nullopt, 20) == 30);
  voices.add("c");
  CHECK(voices.place(2, std::nullopt, 20) == 50);
  CHECK(voices.place(0, 4'990, 20) == -10);
}

}  // namespace trunkline::providers::acs

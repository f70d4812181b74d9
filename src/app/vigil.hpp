#pragma once

#include <trunkline/store/nodes.hpp>

#include <map>
#include <span>
#include <string>
#include <vector>

namespace trunkline::app {

/// Judges by their beats which nodes are gone. Time is counted in looks of our own: nodes' clocks may differ, and while
/// the database hangs nobody beats and nobody looks. Pure.
class Vigil {
 public:
  /// Gone is whose beat stands still in `patience` looks after the first.
  explicit Vigil(int patience) : patience_(patience) {}

  /// One look at all others. Gives those that are gone, again and again until they are no longer among the others.
  std::vector<store::NodeBeat> look(std::span<const store::NodeBeat> others);

 private:
  struct Seen {
    std::int64_t beat = 0;
    int unchanged = 0;
  };

  int patience_;
  std::map<std::string, Seen> seen_;
};

}  // namespace trunkline::app

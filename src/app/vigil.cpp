#include "app/vigil.hpp"

#include <utility>

namespace trunkline::app {

std::vector<store::NodeBeat> Vigil::look(std::span<const store::NodeBeat> others) {
  std::vector<store::NodeBeat> gone;
  std::map<std::string, Seen> seen;
  for (const auto& node : others) {
    const auto known = seen_.find(node.id);
    const bool still = known != seen_.end() && known->second.beat == node.beat;
    const Seen now{node.beat, still ? known->second.unchanged + 1 : 0};
    if (now.unchanged >= patience_) gone.push_back(node);
    seen.emplace(node.id, now);
  }
  seen_ = std::move(seen);
  return gone;
}

}  // namespace trunkline::app

#include <trunkline/sim/call.hpp>

#include <array>
#include <utility>

namespace trunkline::sim {
namespace {

constexpr std::array<std::pair<std::string_view, Fault>, 9> fault_names = {{{"none", Fault::none},
                                                                            {"duplicate", Fault::duplicate},
                                                                            {"reorder", Fault::reorder},
                                                                            {"drop", Fault::drop},
                                                                            {"half-close", Fault::half_close},
                                                                            {"slow-reader", Fault::slow_reader},
                                                                            {"no-stop", Fault::no_stop},
                                                                            {"expired-token", Fault::expired_token},
                                                                            {"throttled", Fault::throttled}}};

}  // namespace

std::optional<Fault> parse_fault(std::string_view text) {
  for (const auto& [name, fault] : fault_names) {
    if (name == text) return fault;
  }
  return std::nullopt;
}

std::string_view to_string(Fault fault) {
  return fault_names.at(static_cast<std::size_t>(fault)).first;
}

bool is_of_acs(Fault fault) {
  return fault == Fault::expired_token || fault == Fault::throttled;
}

}  // namespace trunkline::sim

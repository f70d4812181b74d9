#pragma once

namespace trunkline {

/// One function a type, for std::visit.
template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

}  // namespace trunkline

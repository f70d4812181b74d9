#include <trunkline/base/json.hpp>

#include <nlohmann/json.hpp>

namespace trunkline {

std::string text_of(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace trunkline

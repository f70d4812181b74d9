#include "api/documents_data.hpp"

#include <trunkline/api/documents.hpp>

#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

#include <cstdlib>

namespace trunkline::api {
namespace {

using nlohmann::ordered_json;

// YAML 1.2 core schema: a plain scalar may be a number, a boolean or null; a quoted one is text.
ordered_json scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;
  if (text.empty() || text == "null" || text == "~") return nullptr;
  if (text == "true" || text == "false") return text == "true";
  const ordered_json number = ordered_json::parse(text, nullptr, false);
  return number.is_number() ? number : ordered_json(text);
}

ordered_json to_json(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Map: {
      ordered_json map = ordered_json::object();
      for (const auto& entry : node) map[entry.first.Scalar()] = to_json(entry.second);
      return map;
    }
    case YAML::NodeType::Sequence: {
      ordered_json list = ordered_json::array();
      for (const auto& item : node) list.push_back(to_json(item));
      return list;
    }
    case YAML::NodeType::Scalar:
      return scalar(node);
    case YAML::NodeType::Null:
    case YAML::NodeType::Undefined:
      break;
  }
  return nullptr;
}

}  // namespace

const std::string& openapi_json() {
  static const std::string text = to_json(YAML::Load(std::string(openapi_yaml))).dump();
  return text;
}

std::string_view docs_html() {
  return docs_page;
}

}  // namespace trunkline::api

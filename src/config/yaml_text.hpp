#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/base/text.hpp>

#include <yaml-cpp/yaml.h>

#include <string>
#include <vector>

namespace trunkline::config {

inline std::string at_line(const YAML::Node& node) {
  const int line = node.Mark().line;
  return line < 0 ? "" : " (line " + std::to_string(line + 1) + ")";
}

/// A scalar's text without blanks around it (a folded block ends in a newline); empty for anything else.
inline std::string text_of(const YAML::Node& node) {
  return node.IsScalar() ? std::string(text::trim(node.Scalar())) : std::string{};
}

/// A scalar as one item, a sequence of scalars as its items.
inline Result<std::vector<std::string>> items_of(const YAML::Node& node) {
  if (node.IsScalar()) return std::vector{text_of(node)};
  if (!node.IsSequence()) return make_error("invalid_value", "is neither a value nor a list of values");
  std::vector<std::string> items;
  for (const auto& item : node) {
    if (!item.IsScalar()) return make_error("invalid_value", "is a list that holds more than plain values");
    items.push_back(text_of(item));
  }
  return items;
}

/// As one text, lists with commas.
inline Result<std::string> joined(const YAML::Node& node) {
  const auto items = items_of(node);
  if (!items) return items.error();
  std::string text;
  for (const std::string& item : *items) text += (text.empty() ? "" : ",") + item;
  return text;
}

}  // namespace trunkline::config

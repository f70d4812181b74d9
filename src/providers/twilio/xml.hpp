#pragma once

#include <trunkline/base/result.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace trunkline::providers::twilio {

/// As much of XML 1.0 as TwiML needs: elements, attributes, text. No document types, so no entities of a foreigner's
/// making; comments and processing instructions are skipped.
struct Element {
  std::string name;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::string text;  ///< the element's own character data, not that of its children
  std::vector<Element> children;

  /// The attribute's value, or an empty view.
  std::string_view attribute(std::string_view wanted) const;
  /// Adds an attribute unless `value` is empty.
  void set(std::string_view attribute_name, std::string_view value);
};

/// The document with its XML declaration. What XML cannot carry (control characters, invalid UTF-8) is left out.
std::string write_xml(const Element& root);

/// Error `invalid_xml` names the line. Elements nest 16 deep at most.
Result<Element> parse_xml(std::string_view text);

}  // namespace trunkline::providers::twilio

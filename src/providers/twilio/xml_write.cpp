#include "providers/twilio/xml.hpp"

#include <trunkline/base/text.hpp>

namespace trunkline::providers::twilio {
namespace {

enum class Place { text, attribute };

// Blanks other than a space would not survive the attribute normalisation of XML 1.0 section 3.3.3, nor a carriage
// return the line-end handling of 2.11, unless written as references.
std::string_view reference_for(char c, Place place) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '\r':
      return "&#xD;";
    case '>':
      return place == Place::text ? "&gt;" : "";
    case '"':
      return place == Place::attribute ? "&quot;" : "";
    case '\t':
      return place == Place::attribute ? "&#x9;" : "";
    case '\n':
      return place == Place::attribute ? "&#xA;" : "";
    default:
      return {};
  }
}

bool is_allowed(std::string_view sequence) {
  if (sequence.size() == 1) {
    const auto c = static_cast<unsigned char>(sequence[0]);
    return c >= 0x20 || c == '\t' || c == '\n' || c == '\r';
  }
  return sequence != "\xEF\xBF\xBE" && sequence != "\xEF\xBF\xBF";  // U+FFFE and U+FFFF
}

void append_escaped(std::string& out, std::string_view raw, Place place) {
  while (!raw.empty()) {
    const std::size_t size = text::utf8_sequence(raw);
    const std::string_view sequence = raw.substr(0, size);
    raw.remove_prefix(size == 0 ? 1 : size);
    if (size == 0 || !is_allowed(sequence)) continue;
    const std::string_view reference = size == 1 ? reference_for(sequence[0], place) : std::string_view{};
    out += reference.empty() ? sequence : reference;
  }
}

void append_element(std::string& out, const Element& element) {
  out.append("<").append(element.name);
  for (const auto& [name, value] : element.attributes) {
    out.append(" ").append(name).append("=\"");
    append_escaped(out, value, Place::attribute);
    out += '"';
  }
  if (element.text.empty() && element.children.empty()) {
    out += "/>";
    return;
  }
  out += '>';
  append_escaped(out, element.text, Place::text);
  for (const Element& child : element.children) append_element(out, child);
  out.append("</").append(element.name).append(">");
}

}  // namespace

std::string_view Element::attribute(std::string_view wanted) const {
  for (const auto& [key, value] : attributes) {
    if (key == wanted) return value;
  }
  return {};
}

void Element::set(std::string_view attribute_name, std::string_view value) {
  if (!value.empty()) attributes.emplace_back(attribute_name, value);
}

std::string write_xml(const Element& root) {
  std::string out = R"(<?xml version="1.0" encoding="UTF-8"?>)";
  append_element(out, root);
  return out;
}

}  // namespace trunkline::providers::twilio

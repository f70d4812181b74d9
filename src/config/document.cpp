#include "config/document.hpp"

#include "config/nearest.hpp"
#include "config/route_reader.hpp"
#include "config/yaml_text.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

namespace trunkline::config {
namespace {

/// Every path that may hold a value, and every section on the way there.
struct Names {
  std::set<std::string, std::less<>> values;
  std::set<std::string, std::less<>> sections;

  Names() {
    for (const Option& option : options()) {
      values.emplace(option.path);
      if (option.secret) values.insert(std::string(option.path) + "_file");
      if (const auto dot = option.path.find('.'); dot != std::string_view::npos) {
        sections.emplace(option.path.substr(0, dot));
      }
    }
  }

  std::string_view nearest_to(std::string_view path) const {
    std::vector<std::string_view> all(values.begin(), values.end());
    all.insert(all.end(), sections.begin(), sections.end());
    all.emplace_back("routes");
    return nearest(path, all);
  }
};

class Reader {
 public:
  explicit Reader(Document& document) : document_(document) {}

  void section(const YAML::Node& node, const std::string& prefix) {
    std::set<std::string> seen;
    for (const auto& entry : node) {
      const std::string path = prefix + text_of(entry.first);
      if (!seen.insert(path).second) {
        wrong(entry.first, path, "is given twice", "");
      } else {
        member(entry.first, entry.second, path);
      }
    }
  }

 private:
  void member(const YAML::Node& key, const YAML::Node& value, const std::string& path) {
    if (value.IsNull()) return;  // a key without a value says nothing
    if (path == "routes") {
      read_routes(value, document_);
    } else if (names_.sections.contains(path)) {
      if (value.IsMap()) return section(value, path + ".");
      wrong(value, path, "is a section, not a value", example_of(path));
    } else if (names_.values.contains(path)) {
      read_option(value, path);
    } else {
      const std::string near(names_.nearest_to(path));
      wrong(key, path, "is not known" + (near.empty() ? "" : "; did you mean " + near + "?"), "");
    }
  }

  /// Its first option that is no secret, as it would be written.
  static std::string example_of(const std::string& section) {
    const auto table = options();
    const auto option = std::find_if(table.begin(), table.end(),
                                     [&](const Option& o) { return o.path.starts_with(section + ".") && !o.secret; });
    const auto key = option->path.substr(section.size() + 1);
    return section + ": {" + std::string(key) + ": " + std::string(option->example) + "}";
  }

  void read_option(const YAML::Node& value, const std::string& path) {
    const auto text = joined(value);
    if (text) {
      document_.values.emplace(path, *text);
    } else {
      wrong(value, path, text.error().message, "");
    }
  }

  void wrong(const YAML::Node& where, std::string path, const std::string& what, std::string example) {
    document_.problems.push_back({std::move(path), what + at_line(where), std::move(example)});
  }

  Document& document_;
  Names names_;
};

}  // namespace

Document parse_document(const std::string& yaml) {
  Document document;
  try {
    const YAML::Node root = YAML::Load(yaml);
    if (root.IsMap()) {
      Reader(document).section(root, "");
    } else if (!root.IsNull()) {
      document.problems.push_back({"configuration file", "does not hold keys and values", "server: {port: 8080}"});
    }
  } catch (const YAML::Exception& error) {
    document.problems.push_back({"configuration file",
                                 "is not YAML: " + error.msg + " (line " + std::to_string(error.mark.line + 1) + ")",
                                 "server: {port: 8080}"});
  }
  return document;
}

}  // namespace trunkline::config

#pragma once

#include <trunkline/config/load.hpp>

#include <map>
#include <ostream>
#include <string>

namespace trunkline::config {

inline std::ostream& operator<<(std::ostream& out, const Problem& problem) {
  return out << problem.name << ": " << problem.problem << " (for example " << problem.example << ")";
}

}  // namespace trunkline::config

namespace trunkline::config::test {

/// An environment and a disk that hold what a test puts there.
struct FakeInputs {
  std::map<std::string, std::string> environment;
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> flags;
  std::string file;

  Loaded load() const {
    return config::load({file, flags,
                         [this](const std::string& name) -> std::optional<std::string> {
                           const auto found = environment.find(name);
                           return found == environment.end() ? std::nullopt : std::optional(found->second);
                         },
                         [this](const std::filesystem::path& path) -> Result<std::string> {
                           const auto found = files.find(path.string());
                           if (found == files.end())
                             return make_error("file_unreadable", "cannot be read: no such file");
                           return found->second;
                         }});
  }
};

inline FakeInputs with_yaml(std::string yaml) {
  FakeInputs inputs;
  inputs.file = "trunkline.yaml";
  inputs.files["trunkline.yaml"] = std::move(yaml);
  return inputs;
}

/// The problem of that name, or one that says there is none.
inline Problem problem_of(const Loaded& loaded, std::string_view name) {
  for (const Problem& problem : loaded.problems) {
    if (problem.name == name) return problem;
  }
  return {"none", "no problem with " + std::string(name), ""};
}

}  // namespace trunkline::config::test

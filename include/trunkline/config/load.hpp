#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/config/settings.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::config {

/// Where configuration comes from. Environment and files are functions, so that a test needs neither.
struct Inputs {
  std::filesystem::path file;                ///< `--config`; empty: TRUNKLINE_CONFIG, else no file
  std::map<std::string, std::string> flags;  ///< `--set NAME=VALUE`
  std::function<std::optional<std::string>(const std::string& name)> environment;
  std::function<Result<std::string>(const std::filesystem::path& path)> read_file;
};

/// The process's environment and file system; the caller adds `file` and `flags`.
Inputs process_inputs();

/// One thing that is wrong: which variable (or place in the file), what, and a value that would be right (empty when
/// there is none to show; as YAML for a place in the file).
struct Problem {
  std::string name;
  std::string problem;
  std::string example;

  friend bool operator==(const Problem&, const Problem&) = default;
};

/// Where a value came from. Later ones win.
enum class Source { standard, file, environment, flag };
std::string_view to_string(Source source);

/// Settings, and all that is wrong with them. With problems the settings are for showing only: what was wrong stands
/// at its default.
struct Loaded {
  Settings settings;
  std::vector<Problem> problems;
  std::map<std::string_view, Source> sources;  ///< by variable name; defaults are not listed
  std::set<std::string_view> refused;          ///< variables with a problem

  bool ok() const { return problems.empty(); }
};

/// Defaults < file < environment < flags. Never stops at the first problem.
Loaded load(const Inputs& inputs);

/// One row of the effective configuration.
struct Effective {
  std::string name;   ///< `HTTP_MAX_BODY_BYTES`
  std::string value;  ///< secrets are shown as `********`, what is refused as `(wrong)`
  Source source = Source::standard;
};
std::vector<Effective> describe(const Loaded& loaded);

/// docs/configuration.md and config/.env.example, from the same table that load() uses.
std::string configuration_markdown();
std::string env_example();

}  // namespace trunkline::config

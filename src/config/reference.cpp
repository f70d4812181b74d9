#include "config/document.hpp"
#include "config/values.hpp"

#include <trunkline/config/load.hpp>

#include <array>

namespace trunkline::config {
namespace {

struct Heading {
  std::string_view section;
  std::string_view title;
};
constexpr std::array headings = {
    Heading{"", "General"},  // what belongs to no section
    Heading{"database", "Database"},
    Heading{"node", "Node"},
    Heading{"redis", "Redis"},
    Heading{"server", "Server"},
    Heading{"log", "Log"},
    Heading{"security", "Security"},
    Heading{"twilio", "Twilio"},
    Heading{"acs", "Azure Communication Services"},
    Heading{"deepgram", "Deepgram"},
    Heading{"speech", "Speech"},
    Heading{"recording", "Recording"},
    Heading{"calls", "Calls"},
    Heading{"api", "API"},
    Heading{"cache", "Cache"},
    Heading{"limits", "Limits"},
    Heading{"webhooks", "Webhooks"},
    Heading{"event_grid", "Azure Event Grid"},
    Heading{"cleanup", "Cleanup"},
};

std::string_view section_of(const Option& option) {
  const auto dot = option.path.find('.');
  return dot == std::string_view::npos ? std::string_view{} : option.path.substr(0, dot);
}

std::string type_of(const Option& option) {
  if (std::holds_alternative<Place<std::vector<std::string>>>(option.field)) return "list";
  if (std::holds_alternative<Place<std::filesystem::path>>(option.field)) return "path";
  if (std::holds_alternative<Place<bool>>(option.field)) return "true or false";
  if (std::holds_alternative<Range>(option.rule)) return "number";
  if (std::holds_alternative<Place<std::size_t>>(option.field)) return "number";
  if (std::holds_alternative<BaseUrl>(option.rule)) return "URL";
  if (std::holds_alternative<ServiceUrl>(option.rule)) return "URL";
  return "text";
}

struct LimitText {
  std::string operator()(Anything) const { return ""; }
  std::string operator()(Range rule) const { return std::to_string(rule.least) + " to " + std::to_string(rule.most); }
  std::string operator()(OneOf rule) const { return spaced(rule.words, "`, `"); }
  std::string operator()(BaseUrl rule) const { return spaced(rule.schemes, "`, `"); }
  std::string operator()(ServiceUrl) const { return "`https`, or `http` to this machine"; }
  std::string operator()(AtLeastBytes rule) const { return "at least " + std::to_string(rule.bytes) + " bytes"; }
  std::string operator()(Shape) const { return ""; }

  static std::string spaced(std::string_view words, std::string_view between) {
    std::string out = "`";
    for (const char c : words) out += c == ' ' ? std::string(between) : std::string(1, c);
    return out + "`";
  }
};

std::string default_of(const Option& option) {
  return option.derived.empty() ? show(option, Settings{}) : std::string(option.derived);
}

std::string markdown_row(const Option& option) {
  const std::string value = default_of(option);
  const std::string shown = value.empty() ? "" : option.derived.empty() ? "`" + value + "`" : value;
  std::string name = "`" + std::string(option.name) + "`";
  if (option.secret) name += "<br>`" + file_variant(option.name) + "`";
  return "| " + name + " | `" + std::string(option.path) + "` | " + type_of(option) + " | " + shown + " | " +
         std::visit(LimitText{}, option.rule) + " | " + std::string(option.about) + " |\n";
}

constexpr std::string_view preamble = R"(# Configuration

This page is made from the table that the program itself reads (`src/config/options.cpp`).

Everything has a default: `trunkline serve` runs with no configuration at all. A value is taken from the first place
that has it:

1. a flag, `--set NAME=VALUE`; an empty value asks for the default;
2. the environment; an empty variable counts as not set;
3. the YAML file named by `--config FILE` or `TRUNKLINE_CONFIG` (see `config/trunkline.example.yaml`);
4. the default.

A secret may also be read from a file, named by `NAME_FILE` (in YAML: the key followed by `_file`); setting both in one
place is an error. In the environment and in flags a list is written with commas.

Everything is checked at start, with the files that it names, and all problems are reported at once. `trunkline
doctor` prints the effective values and where each comes from, secrets masked.
)";

constexpr std::string_view routes_intro = R"(
## Routes

What an inbound call gets. Only in the YAML file: a list under `routes`, of which the first that matches wins. A pattern
is exact, or a prefix when it ends in `*`; without a pattern everything matches. A call that no route matches is recorded
and transcribed.

| Key | Example | Meaning |
| --- | --- | --- |
)";

}  // namespace

std::string configuration_markdown() {
  std::string out(preamble);
  for (const Heading& heading : headings) {
    out += "\n## " + std::string(heading.title) +
           "\n\n| Variable | YAML | Type | Default | Limits | Meaning |\n| --- | --- | --- | --- | --- | --- |\n";
    for (const Option& option : options()) {
      if (section_of(option) == heading.section) out += markdown_row(option);
    }
  }
  out += routes_intro;
  for (const RouteKey& key : route_keys()) {
    out +=
        "| `" + std::string(key.name) + "` | `" + std::string(key.example) + "` | " + std::string(key.about) + " |\n";
  }
  return out;
}

std::string env_example() {
  std::string out =
      "# Every variable with its default; docs/configuration.md says more. Copy, and take off the # of what you set.\n";
  for (const Heading& heading : headings) {
    out += "\n# " + std::string(heading.title) + "\n";
    for (const Option& option : options()) {
      if (section_of(option) != heading.section) continue;
      out += "\n# " + std::string(option.about) + "\n";
      if (!option.derived.empty()) out += "# Default: " + std::string(option.derived) + ".\n";
      const std::string value = option.derived.empty() ? show(option, Settings{}) : "";
      if (value.empty()) out += "# Example: " + std::string(option.example) + "\n";
      out += "#" + std::string(option.name) + "=" + value + "\n";
    }
  }
  return out;
}

}  // namespace trunkline::config

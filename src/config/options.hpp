#pragma once

#include <trunkline/config/settings.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace trunkline::config {

/// Where in Settings an option lives; the alternative is the option's type.
template <class T>
using Place = T& (*)(Settings&);
using Field = std::variant<Place<std::string>, Place<std::vector<std::string>>, Place<std::filesystem::path>,
                           Place<bool>, Place<std::uint16_t>, Place<std::size_t>, Place<hours>, Place<seconds>,
                           Place<milliseconds>, Place<MetricsAccess>>;

struct Anything {};
struct Range {
  std::uint64_t least = 0;
  std::uint64_t most = 0;
};
struct OneOf {
  std::string_view words;  ///< separated by one blank
};
/// An absolute URL to which paths are appended: no query; a trailing slash is taken off.
struct BaseUrl {
  std::string_view schemes;  ///< separated by one blank
};
/// The same, https or to this machine.
struct ServiceUrl {
  bool with_path = true;
};
struct AtLeastBytes {
  std::size_t bytes;
};
/// Anything that `fits`; `reason` follows the value when it does not.
struct Shape {
  bool (*fits)(std::string_view text);
  std::string_view reason;
};
using Rule = std::variant<Anything, Range, OneOf, BaseUrl, ServiceUrl, AtLeastBytes, Shape>;

/// One thing that can be configured. The default is what a fresh Settings holds.
struct Option {
  std::string_view name;  ///< in the environment and in `--set`
  std::string_view path;  ///< in the YAML file
  Field field;
  Rule rule;
  std::string_view example;
  std::string_view about;
  bool secret = false;  ///< masked when shown; also as NAME_FILE
  // NOLINTNEXTLINE(readability-redundant-member-init): g++ warns where it is left out
  std::string_view derived = {};  ///< the default in words, when it depends on other options
};

/// Every option, in the order of the documentation.
std::span<const Option> options();

/// How a secret is named when it is read from a file.
std::string file_variant(std::string_view name);

}  // namespace trunkline::config

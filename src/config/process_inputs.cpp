#include <trunkline/config/load.hpp>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <system_error>

namespace trunkline::config {
namespace {

constexpr std::streamsize max_file_bytes = 1024 * 1024;

std::optional<std::string> from_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nothing here ever sets one
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Result<std::string> from_disk(const std::filesystem::path& path) {
  const auto unreadable = [](const std::string& why) {
    return make_error("file_unreadable", "cannot be read: " + why);
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return unreadable("it is a folder");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return unreadable(std::generic_category().message(errno));
  std::string text(max_file_bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return unreadable("reading stopped half-way");
  if (file.gcount() > max_file_bytes) return unreadable("it is larger than 1 MiB");
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

}  // namespace

Inputs process_inputs() {
  return {{}, {}, from_environment, from_disk};
}

}  // namespace trunkline::config

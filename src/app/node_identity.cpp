#include "app/node_identity.hpp"

#include <trunkline/base/text.hpp>

#include <algorithm>
#include <fstream>
#include <system_error>
#include <utility>

namespace trunkline::app {
namespace {

constexpr std::string_view prefix = "node_";
constexpr std::size_t ulid_size = 26;

bool is_name(std::string_view text) {
  return text.starts_with(prefix) && text.size() == prefix.size() + ulid_size &&
         std::ranges::all_of(text.substr(prefix.size()),
                             [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
}

std::string read_line(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return std::string(text::trim(line));
}

// Whole or not at all, whenever the process ends: a half name would be another node.
Result<> write_line(const std::filesystem::path& path, const std::string& line) {
  const auto draft = path.string() + ".new";
  std::ofstream file(draft, std::ios::trunc);
  file << line << '\n';
  file.close();
  std::error_code failed;
  if (file) std::filesystem::rename(draft, path, failed);
  if (!file || failed) return make_error("store_unavailable", "the node's name cannot be written", path.string());
  return {};
}

}  // namespace

Result<NodeIdentity> NodeIdentity::take(const std::filesystem::path& data_dir, Ids& ids) {
  std::error_code failed;
  std::filesystem::create_directories(data_dir, failed);  // what is wrong shows below
  auto lock = LockFile::take(data_dir / "node.lock");
  if (!lock) return lock.error();
  const auto path = data_dir / "node_id";
  if (!std::filesystem::exists(path, failed)) {
    std::string id = ids.make("node");
    if (auto written = write_line(path, id); !written) return written.error();
    return NodeIdentity(std::move(*lock), std::move(id));
  }
  std::string id = read_line(path);
  if (!is_name(id)) {
    return make_error("node_id_invalid", "the data folder's node_id is not a node's name; remove it to get a new one",
                      path.string());
  }
  return NodeIdentity(std::move(*lock), std::move(id));
}

}  // namespace trunkline::app

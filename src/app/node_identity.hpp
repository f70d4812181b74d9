#pragma once

#include <trunkline/base/ids.hpp>
#include <trunkline/base/lock_file.hpp>
#include <trunkline/base/result.hpp>

#include <filesystem>
#include <string>

namespace trunkline::app {

/// Who this process is among the nodes: a name that outlives it, kept in its data folder, and the sole right to that
/// folder for as long as it runs.
class NodeIdentity {
 public:
  /// Makes the folder and the name at the first start. Errors: `data_dir_in_use`; `store_unavailable`, the folder
  /// cannot be written; `node_id_invalid`, what the file holds is no name.
  static Result<NodeIdentity> take(const std::filesystem::path& data_dir, Ids& ids);

  const std::string& id() const { return id_; }

 private:
  NodeIdentity(LockFile lock, std::string id) : lock_(std::move(lock)), id_(std::move(id)) {}

  LockFile lock_;
  std::string id_;
};

}  // namespace trunkline::app

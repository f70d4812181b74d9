#pragma once

#include <trunkline/base/ids.hpp>
#include <trunkline/base/result.hpp>

#include <filesystem>
#include <string>

namespace trunkline::auth {

/// The secret in `<data_dir>/jwt_secret`; the first call makes it (32 random bytes as hex, mode 0600). Processes that
/// start at once agree on one. Errors: secret_unreadable, secret_unwritable, secret_invalid.
Result<std::string> load_or_create_secret(const std::filesystem::path& data_dir, Ids& ids);

}  // namespace trunkline::auth

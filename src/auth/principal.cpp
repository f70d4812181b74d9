#include <trunkline/auth/principal.hpp>

#include <algorithm>
#include <array>

namespace trunkline::auth {
namespace {

using enum Permission;

constexpr std::array<std::string_view, permission_count> names = {
    "calls:read",  "calls:write", "calls:listen", "recordings:read", "transcripts:read",
    "events:read", "system:read", "system:write", "webhooks:read",   "webhooks:write"};

struct Role {
  std::string_view name;
  Permissions permissions;
};
constexpr std::array roles = {
    Role{"viewer", {calls_read, transcripts_read, events_read}},
    Role{"operator",
         {calls_read, transcripts_read, events_read, recordings_read, calls_write, calls_listen, system_read}},
    Role{"admin", Permissions::all()},
};

const Role* find_role(std::string_view name) {
  const auto role = std::find_if(roles.begin(), roles.end(), [&](const Role& one) { return one.name == name; });
  return role == roles.end() ? nullptr : &*role;
}

}  // namespace

std::string_view to_string(Permission permission) {
  return names[static_cast<std::size_t>(permission)];
}

std::optional<Permission> parse_permission(std::string_view text) {
  const auto name = std::find(names.begin(), names.end(), text);
  if (name == names.end()) return std::nullopt;
  return static_cast<Permission>(name - names.begin());
}

Permissions permissions_of_role(std::string_view role) {
  const Role* found = find_role(role);
  return found == nullptr ? Permissions{} : found->permissions;
}

bool is_role(std::string_view text) {
  return find_role(text) != nullptr;
}

}  // namespace trunkline::auth

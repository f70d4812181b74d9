#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::auth {

/// What a request may need. On the wire `calls:read`, `calls:write`, ...
enum class Permission : std::uint8_t {
  calls_read,
  calls_write,
  calls_listen,  ///< hear a running call
  recordings_read,
  transcripts_read,
  events_read,
  system_read,
  system_write,
  webhooks_read,
  webhooks_write,
};
inline constexpr std::size_t permission_count = 10;

std::string_view to_string(Permission permission);
std::optional<Permission> parse_permission(std::string_view text);

/// A set of permissions; small enough to pass by value.
class Permissions {
 public:
  constexpr Permissions() = default;
  constexpr Permissions(std::initializer_list<Permission> list) {
    for (const Permission permission : list) bits_ |= bit(permission);
  }
  static constexpr Permissions all() {
    Permissions every;
    every.bits_ = (1U << permission_count) - 1;
    return every;
  }

  constexpr bool has(Permission permission) const { return (bits_ & bit(permission)) != 0; }
  constexpr Permissions& operator|=(Permissions other) {
    bits_ |= other.bits_;
    return *this;
  }
  friend constexpr bool operator==(Permissions, Permissions) = default;

 private:
  static constexpr std::uint32_t bit(Permission permission) { return 1U << static_cast<unsigned>(permission); }
  std::uint32_t bits_ = 0;
};

/// What a role may do: `viewer`, `operator`, `admin`. An unknown role may do nothing.
Permissions permissions_of_role(std::string_view role);
bool is_role(std::string_view text);

/// Who makes a request, as an accepted token says.
struct Principal {
  std::string subject;
  std::vector<std::string> roles;
  Permissions permissions;  ///< those of all roles, and those named one by one

  bool may(Permission permission) const { return permissions.has(permission); }
};

}  // namespace trunkline::auth

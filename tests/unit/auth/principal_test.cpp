#include <trunkline/auth/principal.hpp>

#include <catch2/catch.hpp>

using namespace trunkline::auth;
using enum Permission;

TEST_CASE("permissions have names") {
  for (std::size_t i = 0; i < permission_count; ++i) {
    const auto permission = static_cast<Permission>(i);
    CHECK(parse_permission(to_string(permission)) == permission);
  }
  CHECK(to_string(calls_listen) == "calls:listen");
  CHECK(to_string(system_write) == "system:write");
  CHECK(to_string(webhooks_write) == "webhooks:write");
  CHECK_FALSE(parse_permission("calls:*").has_value());
}

TEST_CASE("each role may do what the one below may, and more") {
  CHECK(permissions_of_role("viewer") == Permissions{calls_read, transcripts_read, events_read});
  CHECK(permissions_of_role("operator") == Permissions{calls_read, transcripts_read, events_read, recordings_read,
                                                       calls_write, calls_listen, system_read});
  CHECK(permissions_of_role("admin") == Permissions::all());
  CHECK(Permissions::all().has(webhooks_write));
  CHECK(permissions_of_role("Admin") == Permissions{});
  CHECK(is_role("operator"));
  CHECK_FALSE(is_role("root"));
}

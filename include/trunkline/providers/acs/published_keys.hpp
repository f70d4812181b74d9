#pragma once

#include <trunkline/auth/rotating_keys.hpp>

#include <string>

namespace trunkline::providers::acs {

/// The JWK set at `url`, for as little as RotatingKeys takes of it. It has ten seconds.
auth::FetchKeys published_keys(std::string url);

}  // namespace trunkline::providers::acs

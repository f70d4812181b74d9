#pragma once

#include <string>
#include <string_view>

namespace trunkline::api {

/// docs/openapi.yaml, built into the binary, as JSON.
const std::string& openapi_json();

/// A page that renders /openapi.json and fetches nothing from elsewhere.
std::string_view docs_html();

}  // namespace trunkline::api

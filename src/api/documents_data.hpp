#pragma once

#include <string_view>

namespace trunkline::api {

// From docs/openapi.yaml and docs.html, by embed_documents.cmake.
extern const std::string_view openapi_yaml;
extern const std::string_view docs_page;

}  // namespace trunkline::api

#pragma once

#include <string_view>

namespace trunkline::api {

/// Whether an If-None-Match header means the representation with this ETag, so that the answer is 304 (RFC 9110 section
/// 13.1.2). `etag` with its quotes, strong; empty when there is none.
bool is_known(std::string_view if_none_match, std::string_view etag);

/// Whether a Range header is to be followed: there is no If-Range, or it names this very representation (section
/// 13.1.5). A date never does: no Last-Modified is sent that it could come from.
bool range_applies(std::string_view if_range, std::string_view etag);

/// Whether a Cache-Control header of a request asks for what is so now (RFC 9111 section 5.2.1).
bool wants_fresh(std::string_view cache_control);

}  // namespace trunkline::api

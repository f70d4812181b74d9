#pragma once

#include <string_view>

/// What values for Azure look like.
namespace trunkline::config::azure {

/// `endpoint=URL;accesskey=BASE64`, names in any case, in any order; other parts are passed over.
bool is_connection_string(std::string_view text);
bool is_guid(std::string_view text);
/// Of a resource: anything without blanks but its path in the portal, which is easily taken for it.
bool is_resource_id(std::string_view text);
/// A date, perhaps with a word such as `-preview` behind it.
bool is_api_version(std::string_view text);
/// A header's name (RFC 9110 section 5.1) other than Authorization.
bool is_secret_header(std::string_view text);
/// A telephone number in E.164 form or a raw id: `4:...`, `8:...`, `28:...`.
bool is_identifier(std::string_view text);
/// A host name or IPv4 address, perhaps with a port.
bool is_authority(std::string_view text);

}  // namespace trunkline::config::azure

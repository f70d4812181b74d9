#pragma once

#include <initializer_list>
#include <string_view>

namespace trunkline::api {

/// What a client likes best of what there is (RFC 9110 section 12.5.1), the first on a tie, or an empty view when it
/// takes none of it. An empty `accept` takes everything. Parameters of media types other than `q` are not looked at.
std::string_view preferred_type(std::string_view accept, std::initializer_list<std::string_view> offers);

/// Whether a client takes this content coding (section 12.5.3). An empty header takes none.
bool accepts_coding(std::string_view accept_encoding, std::string_view coding);

}  // namespace trunkline::api

#pragma once

#include "options.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace streamload {

/// Who calls: unique for each run and call.
struct CallIdentity {
  std::string call_sid;
  std::string stream_sid;
};
CallIdentity identity_of(unsigned run, unsigned call);

/// The signed announcement of a call (protocol of Twilio's webhooks: HMAC-SHA1 over the URL and the sorted parameters).
std::string webhook_request(const Options& options, const CallIdentity& call);

/// Where a call's stream goes, and the token that opens it.
struct StreamTarget {
  std::string path;
  std::string token;
};
/// From the TwiML that answers the webhook.
std::optional<StreamTarget> target_of(std::string_view twiml);

std::string upgrade_request(const Options& options, const std::string& path, const std::string& key);
std::string connected_message();
std::string start_message(const CallIdentity& call, const std::string& account_sid, const std::string& token);
std::string stop_message(const CallIdentity& call, const std::string& account_sid, unsigned sequence);

}  // namespace streamload

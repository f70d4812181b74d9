#include <trunkline/base/base64.hpp>
#include <trunkline/base/crypto.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/providers/twilio/signature.hpp>

#include <algorithm>
#include <utility>

namespace trunkline::providers::twilio {
namespace {

std::string signed_part(const Params& params) {
  std::vector<std::pair<std::string_view, std::string_view>> pairs(params.begin(), params.end());
  // By key, then by value: sorting the joined texts would put "SidAccount" before "Sid" + "x".
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  std::string out;
  for (const auto& [key, value] : pairs) out.append(key).append(value);
  return out;
}

std::string sign_message(std::string_view token, std::string_view message) {
  return base64::encode(crypto::hmac_sha1(token, message));
}

struct SplitUrl {
  std::string_view origin;  // scheme, `://`, user info and host
  std::string_view port;    // with its colon; empty when there is none
  std::string_view rest;    // path and query
  std::string_view default_port;
};

SplitUrl split_url(std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return {url, {}, {}, {}};
  const std::string_view scheme = url.substr(0, scheme_end);
  const auto authority_end = std::min(url.find_first_of("/?", scheme_end + 3), url.size());

  SplitUrl out;
  out.origin = url.substr(0, authority_end);
  out.rest = url.substr(authority_end);
  out.default_port = scheme == "https" || scheme == "wss" ? ":443" : ":80";
  const auto host_end = out.origin.find_last_not_of("0123456789");
  if (host_end + 1 < out.origin.size() && out.origin[host_end] == ':' && host_end > scheme_end) {
    out.port = out.origin.substr(host_end);
    out.origin = out.origin.substr(0, host_end);
  }
  return out;
}

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (auto at = text.find(from); at != std::string_view::npos; at = text.find(from)) {
    out.append(text.substr(0, at)).append(to);
    text.remove_prefix(at + from.size());
  }
  return out.append(text);
}

std::string_view without_fragment(std::string_view url) {
  return url.substr(0, url.find('#'));
}

bool body_hash_matches(std::string_view url, std::string_view body) {
  url = without_fragment(url);
  const auto query = url.find('?');
  if (query == std::string_view::npos) return false;
  const auto params = parse_form(url.substr(query + 1));
  if (!params) return false;
  return crypto::equal_constant_time(crypto::hex(crypto::sha256(body)), first_of(*params, "bodySHA256"));
}

}  // namespace

std::vector<std::string> signed_url_candidates(std::string_view url) {
  const SplitUrl parts = split_url(without_fragment(url));
  const auto query_at = std::min(parts.rest.find('?'), parts.rest.size());
  const std::string_view path = parts.rest.substr(0, query_at);
  const std::string_view query = parts.rest.substr(query_at);
  const std::string queries[] = {std::string(query), replace_all(query, "'", "%27"), replace_all(query, "%27", "'")};

  std::vector<std::string> out;
  for (const std::string_view port : {std::string_view{}, parts.port.empty() ? parts.default_port : parts.port}) {
    for (const std::string& variant : queries) {
      std::string candidate;
      candidate.append(parts.origin).append(port).append(path).append(variant);
      if (std::find(out.begin(), out.end(), candidate) == out.end()) out.push_back(std::move(candidate));
    }
  }
  return out;
}

std::string sign(std::string_view token, std::string_view url, const Params& params) {
  return sign_message(token, std::string(without_fragment(url)) + signed_part(params));
}

bool signature_matches(std::span<const std::string> tokens, std::string_view url, const Params& params,
                       std::string_view signature) {
  const std::string tail = signed_part(params);
  const std::vector<std::string> candidates = signed_url_candidates(url);
  bool matched = false;
  for (const std::string& token : tokens) {
    if (token.empty()) continue;  // an empty key is a key that everybody has
    for (const std::string& candidate : candidates) {
      matched |= crypto::equal_constant_time(sign_message(token, candidate + tail), signature);
    }
  }
  return matched;
}

bool json_signature_matches(std::span<const std::string> tokens, std::string_view url, std::string_view body,
                            std::string_view signature) {
  const bool is_signed = signature_matches(tokens, url, {}, signature);
  return body_hash_matches(url, body) && is_signed;
}

}  // namespace trunkline::providers::twilio

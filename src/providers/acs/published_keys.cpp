#include <trunkline/net/client.hpp>
#include <trunkline/providers/acs/published_keys.hpp>

#include <utility>

namespace trunkline::providers::acs {

namespace asio = boost::asio;

namespace {

constexpr milliseconds timeout{10'000};

asio::awaitable<Result<std::string>> fetch_text(std::string url) {
  net::ClientRequest request;
  request.url = std::move(url);
  request.headers = {{"Accept", "application/json"}};
  request.timeout = timeout;
  request.max_body_bytes = auth::RotatingKeys::max_bytes;
  auto response = co_await net::fetch(std::move(request));
  if (!response) co_return response.error();
  if (response->status != 200) {
    co_return make_error("bad_response", "the keys are not there: status " + std::to_string(response->status));
  }
  co_return std::move(response->body);
}

}  // namespace

auth::FetchKeys published_keys(std::string url) {
  return [url = std::move(url)] { return fetch_text(url); };
}

}  // namespace trunkline::providers::acs

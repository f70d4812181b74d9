#pragma once

#include <trunkline/net/client.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace trunkline::test {

/// fetch() on a loop of its own, to its end.
inline Result<net::ClientResponse> fetch_now(net::ClientRequest request) {
  boost::asio::io_context loop;
  auto answer = boost::asio::co_spawn(loop, net::fetch(std::move(request)), boost::asio::use_future);
  loop.run_for(std::chrono::seconds{20});
  if (answer.wait_for(std::chrono::seconds{0}) != std::future_status::ready) {
    throw std::runtime_error("fetch() did not keep its time-out");
  }
  return answer.get();
}

/// The same while the test plays the server.
inline std::future<Result<net::ClientResponse>> fetch_meanwhile(net::ClientRequest request) {
  return std::async(std::launch::async, [request = std::move(request)] { return fetch_now(request); });
}

/// The code of the error that must have come.
template <class T>
std::string error_code_of(const Result<T>& result) {
  return result.has_error() ? result.error().code : "no error";
}

}  // namespace trunkline::test

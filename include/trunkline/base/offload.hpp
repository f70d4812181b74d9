#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/base/thread_pool.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace trunkline {

namespace asio = boost::asio;

/// Waits, without blocking the loop, for one value that another thread will deliver.
///
/// `start(deliver)` is called at once on the caller's thread; `deliver(value)` may then be called once from any
/// thread, and the coroutine goes on with `value` on its own executor. The loop must outlive every copy of `deliver`:
/// end the threads first, then destroy the loop.
template <class T, class Start>
asio::awaitable<T> await_value(Start start) {
  co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(T)>(
      [](auto handler, Start begin) {
        using Handler = decltype(handler);
        auto executor = asio::get_associated_executor(handler);
        auto work = asio::prefer(executor, asio::execution::outstanding_work.tracked);
        auto box = std::make_shared<std::pair<Handler, decltype(work)>>(std::move(handler), std::move(work));
        begin([box, executor](T value) {
          asio::post(executor, [box, value = std::move(value)]() mutable { std::move(box->first)(std::move(value)); });
        });
      },
      asio::use_awaitable, std::move(start));
}

/// Runs `job` (returning Result<T>) on `pool` and comes back to the caller's executor. Error `overloaded` when the
/// pool's queue is full.
template <class Job>
auto offload(ThreadPool& pool, Job job) -> asio::awaitable<std::invoke_result_t<Job&>> {
  using R = std::invoke_result_t<Job&>;
  co_return co_await await_value<R>([&pool, &job](auto deliver) {
    // `job` lives in this coroutine's frame, which stays until deliver() was called.
    if (!pool.try_post([&job, deliver]() mutable { deliver(job()); })) {
      deliver(make_error("overloaded", "the " + pool.name() + " queue is full; try again later"));
    }
  });
}

}  // namespace trunkline

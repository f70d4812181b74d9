#include "store/redis/core.hpp"

#include "support/any_live.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <stdexcept>

namespace trunkline::store::redis {
namespace {

/// The answer of a PING, to come.
std::future<bool> ping(Core& core) {
  auto answered = std::make_shared<std::promise<bool>>();
  Request request = make_request({{"PING"}}, core.deadline());
  request.done = [answered](const Result<Replies>& replies) { answered->set_value(replies.has_value()); };
  core.submit(std::move(request));
  return answered->get_future();
}

bool comes(std::future<bool>& answer) {
  return answer.wait_for(std::chrono::seconds(10)) == std::future_status::ready && answer.get();
}

TEST_CASE("one who throws at his answer neither costs the others theirs nor the connection") {
  if (test::without_redis()) return;
  test::RunningLoop loop;
  const auto core = std::make_shared<Core>(test::on_shared_redis(), loop.context(), system_clock());
  core->start();
  auto before = ping(*core);
  Request bad = make_request({{"PING"}}, core->deadline());
  bad.done = [](const Result<Replies>&) { throw std::runtime_error("no"); };
  core->submit(std::move(bad));
  auto beside = ping(*core);
  CHECK(comes(before));
  CHECK(comes(beside));
  auto after = ping(*core);
  CHECK(comes(after));
  CHECK(core->losses() == 0);
  core->stop();
}

}  // namespace
}  // namespace trunkline::store::redis

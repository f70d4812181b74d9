#include <trunkline/base/json.hpp>
#include <trunkline/base/offload.hpp>
#include <trunkline/media/stream_commands.hpp>
#include <trunkline/observe/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <nlohmann/json.hpp>

#include <optional>
#include <utility>

namespace trunkline::media {
namespace {

using nlohmann::json;

std::string to_question(const std::string& call_id, const EndOrder& order) {
  return json{{"command", "end-stream"},
              {"callId", call_id},
              {"cause", to_string(order.cause)},
              {"streamId", order.stream_id},
              {"onlyWithItsCall", order.only_with_its_call}}
      .dump();
}

bool truth_of(const json& message, const char* key) {
  const auto found = message.find(key);
  return found != message.end() && *found == true;
}

std::optional<EndOrder> read_order(const json& question) {
  const auto cause = parse_end_cause(text_of(question, "cause"));
  if (text_of(question, "command") != "end-stream" || !cause) return std::nullopt;
  return EndOrder{*cause, text_of(question, "streamId"), truth_of(question, "onlyWithItsCall")};
}

void end_it(LiveStream& stream, const EndOrder& order, const std::function<void(bool)>& answer) {
  const bool meant = order.stream_id.empty() || order.stream_id == stream.id();
  const bool ends = meant && (stream.carries_call() || !order.only_with_its_call);
  if (ends) stream.end(order.cause);
  answer(ends);
}

}  // namespace

StreamCommands::StreamCommands(ActiveStreams& streams, store::LiveStore& live, boost::asio::io_context& loop, Ids& ids,
                               const std::string& node)
    : streams_(streams),
      loop_(loop),
      node_(node),
      line_(live, loop, ids, node,
            [this](const std::string& question, store::NodeLine::Answer answer) { serve(question, std::move(answer)); },
            {}) {}

boost::asio::awaitable<Result<bool>> StreamCommands::end(std::string call_id, std::string node, EndOrder order) {
  if (is_elsewhere(call_id, node)) co_return co_await end_there(std::move(call_id), std::move(node), std::move(order));
  co_return co_await end_here(std::move(call_id), std::move(order));
}

void StreamCommands::end_soon(std::string call_id, std::string node, EndOrder order) {
  if (!is_elsewhere(call_id, node)) {
    streams_.post(call_id, [order = std::move(order)](LiveStream& stream) { end_it(stream, order, [](bool) {}); });
    return;
  }
  boost::asio::co_spawn(loop_, try_to_end(std::move(call_id), std::move(node), std::move(order)),
                        boost::asio::detached);
}

boost::asio::awaitable<void> StreamCommands::try_to_end(std::string call_id, std::string node, EndOrder order) {
  const auto ended = co_await end_there(call_id, std::move(node), std::move(order));
  if (!ended) log::warn("a stream was not ended", {{"callId", call_id}, {"reason", ended.error().message}});
}

bool StreamCommands::is_elsewhere(const std::string& call_id, const std::string& node) const {
  return !node.empty() && node != node_ && !streams_.has(call_id);
}

boost::asio::awaitable<bool> StreamCommands::end_here(std::string call_id, EndOrder order) {
  const auto ask = [&](auto answer) {
    const auto end = [answer, order](LiveStream& stream) { end_it(stream, order, answer); };
    if (!streams_.post(call_id, end, [answer] { answer(false); })) answer(false);
  };
  co_return co_await await_value<bool>(ask);
}

boost::asio::awaitable<Result<bool>> StreamCommands::end_there(std::string call_id, std::string node, EndOrder order) {
  const auto answer = co_await line_.ask(std::move(node), to_question(call_id, order));
  if (!answer) co_return answer.error();
  const json said = json::parse(*answer, nullptr, false);
  co_return said.is_object() && truth_of(said, "ended");
}

void StreamCommands::serve(const std::string& question, store::NodeLine::Answer answer) {
  const json asked = json::parse(question, nullptr, false);
  const auto order = asked.is_object() ? read_order(asked) : std::nullopt;
  const auto say = [answer = std::move(answer)](bool ended) { answer(json{{"ended", ended}}.dump()); };
  if (!order) return say(false);
  const auto end = [say, order = *order](LiveStream& stream) { end_it(stream, order, say); };
  if (!streams_.post(text_of(asked, "callId"), end, [say] { say(false); })) say(false);
}

}  // namespace trunkline::media

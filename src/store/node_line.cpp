#include <trunkline/base/json.hpp>
#include <trunkline/observe/log.hpp>
#include <trunkline/store/node_line.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include <deque>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace trunkline::store {
namespace {

using nlohmann::json;

constexpr std::size_t remembered_questions = 4'096;
constexpr std::size_t max_message_bytes = 64 * 1024;

std::string channel_of(const std::string& node) {
  return "node/" + node;
}

/// Somebody who waits for an answer, on his own loop.
struct Waiting {
  explicit Waiting(const asio::any_io_executor& executor) : timer(executor) {}
  asio::steady_timer timer;
  std::optional<std::string> answer;
};

}  // namespace

class NodeLine::Impl : public std::enable_shared_from_this<NodeLine::Impl> {
 public:
  Impl(LiveStore& live, asio::io_context& loop, Ids& ids, std::string node, Handler handler, Limits limits)
      : live_(live), loop_(loop), ids_(ids), node_(std::move(node)), handler_(std::move(handler)), limits_(limits) {}

  void listen() {
    subscription_ = live_.subscribe(
        channel_of(node_),
        [weak = weak_from_this()](std::string_view message) {
          if (const auto self = weak.lock()) self->hear(message);
        },
        [] {});
  }
  void hang_up() { subscription_.reset(); }

  asio::awaitable<Result<std::string>> ask(std::string node, std::string question) {
    const std::string id = ids_.make("req");
    const auto waiting = std::make_shared<Waiting>(co_await asio::this_coro::executor);
    enter(id, waiting);
    const std::string message = json{{"ask", id}, {"from", node_}, {"text", question}}.dump();
    for (int attempt = 0; attempt < 2 && !waiting->answer; ++attempt) {
      const auto heard = co_await live_.publish(channel_of(node), message);
      const bool anybody = heard && *heard > 0;
      if (!waiting->answer) co_await wait(*waiting, anybody ? limits_.patience : limits_.pause);
    }
    leave(id);
    if (waiting->answer) co_return std::move(*waiting->answer);
    co_return make_error("node_unreachable", "the node where the call's stream runs does not answer; try again later",
                         node);
  }

 private:
  static asio::awaitable<void> wait(Waiting& waiting, milliseconds time) {
    waiting.timer.expires_after(time);
    boost::system::error_code answered;
    co_await waiting.timer.async_wait(asio::redirect_error(asio::use_awaitable, answered));
  }

  void enter(const std::string& id, const std::shared_ptr<Waiting>& waiting) {
    const std::lock_guard lock(mutex_);
    waiting_.emplace(id, waiting);
  }
  void leave(const std::string& id) {
    const std::lock_guard lock(mutex_);
    waiting_.erase(id);
  }

  // What is not ours to understand is not ours to answer.
  void hear(std::string_view message) {
    if (message.size() > max_message_bytes) return;
    const json parsed = json::parse(message, nullptr, false);
    if (!parsed.is_object()) return;
    if (const auto id = text_of(parsed, "answer"); !id.empty()) return take_answer(id, text_of(parsed, "text"));
    if (const auto id = text_of(parsed, "ask"); !id.empty()) take_question(id, text_of(parsed, "from"), parsed);
  }

  void take_answer(const std::string& id, std::string text) {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return;
    asio::post(found->second->timer.get_executor(), [waiting = found->second, text = std::move(text)]() mutable {
      waiting->answer = std::move(text);
      waiting->timer.cancel();
    });
  }

  void take_question(const std::string& id, const std::string& from, const json& message) {
    if (const auto known = given_.find(id); known != given_.end()) {
      if (known->second) send(from, id, *known->second);
      return;  // the first is still being answered
    }
    remember(id);
    handler_(text_of(message, "text"), [weak = weak_from_this(), id, from](std::string answer) {
      if (const auto self = weak.lock()) self->answer_later(id, from, std::move(answer));
    });
  }

  void remember(const std::string& id) {
    given_.emplace(id, std::nullopt);
    order_.push_back(id);
    if (order_.size() <= remembered_questions) return;
    given_.erase(order_.front());
    order_.pop_front();
  }

  void answer_later(const std::string& id, const std::string& from, std::string answer) {
    asio::post(loop_, [self = shared_from_this(), id, from, answer = std::move(answer)] {
      if (const auto known = self->given_.find(id); known != self->given_.end()) known->second = answer;
      self->send(from, id, answer);
    });
  }

  void send(const std::string& to, const std::string& id, const std::string& text) {
    asio::co_spawn(loop_, publish(to, json{{"answer", id}, {"text", text}}.dump()), asio::detached);
  }

  asio::awaitable<void> publish(std::string to, std::string message) {
    const auto self = shared_from_this();
    const auto sent = co_await live_.publish(channel_of(to), std::move(message));
    if (!sent) log::warn("an answer to another node was not sent", {{"node", to}, {"reason", sent.error().message}});
  }

  LiveStore& live_;
  asio::io_context& loop_;
  Ids& ids_;
  const std::string node_;
  const Handler handler_;
  const Limits limits_;
  std::unique_ptr<LiveStore::Subscription> subscription_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Waiting>> waiting_;
  // Questions that came here, with the answers that were given; on `loop_`.
  std::unordered_map<std::string, std::optional<std::string>> given_;
  std::deque<std::string> order_;
};

NodeLine::NodeLine(LiveStore& live, asio::io_context& loop, Ids& ids, std::string node, Handler handler, Limits limits)
    : impl_(std::make_shared<Impl>(live, loop, ids, std::move(node), std::move(handler), limits)) {
  impl_->listen();
}

NodeLine::~NodeLine() {
  impl_->hang_up();
}

asio::awaitable<Result<std::string>> NodeLine::ask(std::string node, std::string question) {
  co_return co_await impl_->ask(std::move(node), std::move(question));
}

}  // namespace trunkline::store

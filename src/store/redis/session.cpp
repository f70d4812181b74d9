#include "store/redis/session.hpp"

#include <utility>

namespace trunkline::store::redis {
namespace {

bool is_published(const Reply& reply) {
  return reply.elements.size() == 3 && reply.elements[0].text == "message";
}

}  // namespace

Request make_request(const std::vector<Command>& commands, MonoTime deadline) {
  Request request;
  for (const Command& command : commands) append_command(request.bytes, command);
  request.replies = commands.size();
  request.deadline = deadline;
  return request;
}

void Session::send(Request request) {
  output_ += request.bytes;
  waiting_.push_back(std::move(request));
}

std::string Session::take_output() {
  return std::exchange(output_, {});
}

Result<> Session::receive(std::string_view bytes, std::vector<Heard>& heard) {
  if (auto fed = reader_.feed(bytes); !fed) return fed;
  for (;;) {
    auto reply = reader_.next();
    if (!reply) return reply.error();
    if (!*reply) return {};
    if (auto taken = take(std::move(**reply), heard); !taken) return taken;
  }
}

Result<> Session::take(Reply reply, std::vector<Heard>& heard) {
  if (use_ == Use::listening && is_published(reply)) {
    heard.emplace_back(Published{std::move(reply.elements[1].text), std::move(reply.elements[2].text)});
    return {};
  }
  if (waiting_.empty()) {
    // So do servers that have no place for us: they say why, and close.
    return make_error("live_unavailable", "Redis said what nobody asked for", std::string(reply.error_code()));
  }
  gathered_.push_back(std::move(reply));
  if (gathered_.size() < waiting_.front().replies) return {};
  heard.emplace_back(Answered{std::move(waiting_.front()), std::exchange(gathered_, {})});
  waiting_.pop_front();
  return {};
}

std::optional<MonoTime> Session::deadline() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.front().deadline;
}

std::deque<Request> Session::abandon() {
  output_.clear();
  gathered_.clear();
  return std::exchange(waiting_, {});
}

}  // namespace trunkline::store::redis

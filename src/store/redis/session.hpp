#pragma once

#include "store/redis/resp.hpp"

#include <trunkline/base/clock.hpp>
#include <trunkline/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace trunkline::store::redis {

using Replies = std::vector<Reply>;

/// Commands that go out together, and are answered together: one reply each.
struct Request {
  std::string bytes;  ///< the commands, as they are sent
  std::size_t replies = 0;
  MonoTime deadline;                          ///< by when all are to be there
  bool repeatable = false;                    ///< may be asked again on another connection
  std::function<void(Result<Replies>)> done;  ///< told once
};

Request make_request(const std::vector<Command>& commands, MonoTime deadline);

/// A request with all its replies.
struct Answered {
  Request request;
  Replies replies;
};
/// What somebody published.
struct Published {
  std::string channel;
  std::string message;
};
using Heard = std::variant<Answered, Published>;

/// One connection to a server as a pure machine: requests and bytes in, bytes and answers out. Requests are answered
/// in the order in which they were sent; those of one turn go out in one piece.
class Session {
 public:
  enum class Use : std::uint8_t {
    commands,
    listening,  ///< arrays that begin with `message` answer nothing: they are what was published
  };

  Session(Use use, std::size_t max_reply_bytes) : use_(use), reader_(max_reply_bytes) {}

  void send(Request request);
  /// All that is to be written now.
  std::string take_output();
  bool has_output() const { return !output_.empty(); }

  /// Appends to `heard` what `bytes` bring, in order. Error `live_unavailable`: after that the connection is of no use.
  Result<> receive(std::string_view bytes, std::vector<Heard>& heard);

  /// When the oldest request should have been answered; nothing when none waits.
  std::optional<MonoTime> deadline() const;
  /// What was not answered, oldest first. Then the session is over.
  std::deque<Request> abandon();

 private:
  Result<> take(Reply reply, std::vector<Heard>& heard);

  Use use_;
  ReplyReader reader_;
  std::string output_;
  std::deque<Request> waiting_;
  Replies gathered_;  // for the first that waits
};

}  // namespace trunkline::store::redis

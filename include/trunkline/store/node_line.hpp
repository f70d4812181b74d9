#pragma once

#include <trunkline/base/ids.hpp>
#include <trunkline/store/live.hpp>

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>

namespace trunkline::store {

/// Questions from node to node, over what all nodes share: each is answered once by the node that it is for, or the
/// one who asks is told that it was not. Any worker may ask.
class NodeLine {
 public:
  struct Limits {
    milliseconds patience{2'000};  ///< for an answer; then it is asked once more
    milliseconds pause{100};       ///< before that, when nobody heard the first
  };

  /// `answer` may be called once, from any thread, at any time.
  using Answer = std::function<void(std::string answer)>;
  using Handler = std::function<void(std::string question, Answer answer)>;

  /// Speaks for `node` from now on. `handler` is called on `loop`, on which `live` delivers, once a question however
  /// often it was asked: who asks again gets the same answer. `live` and the loop outlive the line.
  NodeLine(LiveStore& live, asio::io_context& loop, Ids& ids, std::string node, Handler handler, Limits limits);
  ~NodeLine();

  /// Error `node_unreachable`: no answer, also not to the second question. Whether the other did what it was asked is
  /// not known then.
  asio::awaitable<Result<std::string>> ask(std::string node, std::string question);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace trunkline::store

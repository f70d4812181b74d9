#pragma once

#include "loop.hpp"

#include <functional>
#include <string>

namespace streamload {

/// A server's request to answer a call.
struct AnswerRequest {
  std::string context;
  std::string media_url;
  std::string callback_url;
};

/// The REST service that the server under test asks to answer calls of Azure's.
class CallAutomation final : public Loop::Acceptor {
 public:
  /// Returns the call's properties, or nothing when no such call rings.
  using OnAnswer = std::function<std::string(const AnswerRequest&)>;

  CallAutomation(Loop& loop, int port, OnAnswer on_answer);

  std::unique_ptr<Connection> accepted() override;

 private:
  class Line;

  Loop& loop_;
  OnAnswer on_answer_;
};

}  // namespace streamload

#include "store/redis/session.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace trunkline::store::redis {
namespace {

const MonoTime start{};

Request request(const std::vector<Command>& commands, int deadline_ms = 100) {
  return make_request(commands, start + milliseconds(deadline_ms));
}

/// A session whose answers are written down as text.
struct Conversation {
  std::string say(std::string_view bytes) {
    std::vector<Heard> heard;
    const auto read = session.receive(bytes, heard);
    std::string told;
    for (const Heard& one : heard) {
      if (const auto* answered = std::get_if<Answered>(&one)) {
        told += "answer";
        for (const Reply& reply : answered->replies) told += " " + reply.text + std::to_string(reply.elements.size());
      } else {
        const auto& published = std::get<Published>(one);
        told += published.channel + "=" + published.message;
      }
      told += ";";
    }
    return read ? told : told + read.error().code;
  }

  Session session{Session::Use::commands, 1'000};
};

struct Listening : Conversation {
  Listening() { session = Session(Session::Use::listening, 1'000); }
};

TEST_CASE_METHOD(Conversation, "requests of one turn go out in one piece, once") {
  session.send(request({{"GET", "a"}}));
  session.send(request({{"MULTI"}, {"EXEC"}}));
  CHECK(session.has_output());
  CHECK(session.take_output() == "*2\r\n$3\r\nGET\r\n$1\r\na\r\n*1\r\n$5\r\nMULTI\r\n*1\r\n$4\r\nEXEC\r\n");
  CHECK_FALSE(session.has_output());
}

TEST_CASE_METHOD(Conversation, "answers come in order, each with all of its replies") {
  session.send(request({{"GET", "a"}}));
  session.send(request({{"MULTI"}, {"DEL", "a"}, {"EXEC"}}));
  session.send(request({{"PING"}}));
  CHECK(say("$1\r\nx\r\n+OK\r\n+QUE") == "answer x0;");
  CHECK(say("UED\r\n").empty());
  CHECK(say("*1\r\n:1\r\n+PONG\r\n") == "answer OK0 QUEUED0 1;answer PONG0;");
}

TEST_CASE_METHOD(Conversation, "an error is an answer as any other") {
  session.send(request({{"GET", "a"}}));
  session.send(request({{"GET", "b"}}));
  CHECK(say("-WRONGTYPE no\r\n$1\r\nb\r\n") == "answer WRONGTYPE no0;answer b0;");
}

TEST_CASE_METHOD(Conversation, "what nobody asked for ends the session, after what was asked for") {
  session.send(request({{"PING"}}));
  CHECK(say("+PONG\r\n+PONG\r\n") == "answer PONG0;live_unavailable");
}

TEST_CASE_METHOD(Conversation, "an array that says `message` answers a command where nobody listens") {
  session.send(request({{"LRANGE", "list", "0", "-1"}}));
  CHECK(say("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n") == "answer 3;");
}

TEST_CASE_METHOD(Listening, "what is published is told from the answers that it comes between") {
  session.send(request({{"SUBSCRIBE", "news"}}));
  session.send(request({{"PING"}}));
  CHECK(say("*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n") ==
        "answer 3;news=hi;");
  CHECK(say("*2\r\n$4\r\npong\r\n$0\r\n\r\n*3\r\n$7\r\nmess") == "answer 2;");
  CHECK(say("age\r\n$4\r\nnews\r\n$0\r\n\r\n") == "news=;");
}

TEST_CASE_METHOD(Conversation, "the oldest request says when the connection should have answered") {
  CHECK(session.deadline() == std::nullopt);
  session.send(request({{"PING"}}, 100));
  session.send(request({{"PING"}}, 200));
  CHECK(session.deadline() == start + milliseconds(100));
  say("+PONG\r\n");
  CHECK(session.deadline() == start + milliseconds(200));
  say("+PONG\r\n");
  CHECK(session.deadline() == std::nullopt);
}

TEST_CASE_METHOD(Conversation, "what was not answered comes back whole, also when half of its replies came") {
  session.send(request({{"MULTI"}, {"EXEC"}}));
  session.send(request({{"PING"}}));
  session.take_output();
  say("+OK\r\n");
  const auto left = session.abandon();
  REQUIRE(left.size() == 2);
  CHECK(left[0].replies == 2);
  CHECK(left[1].bytes == "*1\r\n$4\r\nPING\r\n");
  CHECK(session.deadline() == std::nullopt);
}

}  // namespace
}  // namespace trunkline::store::redis

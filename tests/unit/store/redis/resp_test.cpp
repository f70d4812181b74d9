#include "store/redis/resp.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace trunkline::store::redis {
namespace {

std::string encoded(const Command& command) {
  std::string out;
  append_command(out, command);
  return out;
}

/// All replies in `bytes`, which come `step` at a time.
std::vector<Reply> read(std::string_view bytes, std::size_t step) {
  ReplyReader reader(1'000'000);
  std::vector<Reply> replies;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
    REQUIRE(reader.feed(bytes.substr(0, step)).has_value());
    for (auto reply = reader.next().value(); reply; reply = reader.next().value()) replies.push_back(std::move(*reply));
  }
  return replies;
}

TEST_CASE("a command is its words with their lengths, whatever bytes they have") {
  CHECK(encoded({"GET", "key"}) == "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n");
  CHECK(encoded({"SET", std::string("\r\n\0", 3), ""}) ==
        std::string("*3\r\n$3\r\nSET\r\n$3\r\n\r\n\0\r\n$0\r\n\r\n", 28));
}

TEST_CASE("replies of every kind are read, however they are cut") {
  const std::string bytes =
      "+OK\r\n:-42\r\n$-1\r\n$4\r\na\r\nb\r\n-NOSCRIPT No matching script\r\n*-1\r\n*0\r\n"
      "*3\r\n:1\r\n*2\r\n+a\r\n$0\r\n\r\n-ERR inside\r\n";
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    const auto replies = read(bytes, step);
    REQUIRE(replies.size() == 8);
    CHECK((replies[0].kind == Reply::Kind::status && replies[0].text == "OK"));
    CHECK((replies[1].kind == Reply::Kind::integer && replies[1].integer == -42));
    CHECK(replies[2].kind == Reply::Kind::nil);
    CHECK((replies[3].kind == Reply::Kind::text && replies[3].text == "a\r\nb"));
    CHECK((replies[4].is_error() && replies[4].error_code() == "NOSCRIPT"));
    CHECK(replies[5].kind == Reply::Kind::nil);
    CHECK((replies[6].kind == Reply::Kind::array && replies[6].elements.empty()));
    REQUIRE(replies[7].elements.size() == 3);
    CHECK(replies[7].elements[1].elements[0].text == "a");
    CHECK(replies[7].elements[2].error_code() == "ERR");
  }
}

TEST_CASE("what is no RESP, or more than we take, is an error") {
  const auto refused = [](std::string_view bytes) {
    ReplyReader reader(1'000);
    if (!reader.feed(bytes)) return true;
    for (;;) {
      const auto next = reader.next();
      if (!next) return true;
      if (!*next) return false;
    }
  };
  CHECK(refused("HTTP/1.1 400 Bad Request\r\n\r\n"));
  CHECK(refused(":12x\r\n"));
  CHECK_FALSE(refused("*1000000\r\n"));
  CHECK(refused("*1000001\r\n"));
  CHECK(refused("*600000\r\n*600000\r\n"));
  CHECK(refused("*2147483647\r\n"));
  CHECK(refused("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"));
  CHECK(refused("$2000\r\n" + std::string(1'500, 'x')));
  CHECK_FALSE(refused("$900\r\n" + std::string(900, 'x') + "\r\n"));
  CHECK_FALSE(refused("$900\r\n" + std::string(850, 'x')));
}

TEST_CASE("many replies together may be larger than one may be") {
  ReplyReader reader(100);
  std::string bytes;
  for (int i = 0; i < 1'000; ++i) bytes += "$10\r\n0123456789\r\n";
  REQUIRE(reader.feed(bytes + "$10\r\n01").has_value());
  for (int i = 0; i < 1'000; ++i) REQUIRE(reader.next().value().has_value());
  CHECK_FALSE(reader.next().value().has_value());
}

}  // namespace
}  // namespace trunkline::store::redis

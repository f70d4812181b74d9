#pragma once

#include <trunkline/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;  // NOLINT(readability-identifier-naming): hiredis's name

namespace trunkline::store::redis {

/// What a Redis server answers to one command (RESP2).
struct Reply {
  enum class Kind : std::uint8_t { nil, text, status, integer, error, array };

  Kind kind = Kind::nil;
  std::int64_t integer = 0;
  std::string text;             ///< also of a status and of an error
  std::vector<Reply> elements;  ///< of an array

  bool is_error() const { return kind == Kind::error; }
  /// The first word of an error, such as `NOSCRIPT`; empty for all else.
  std::string_view error_code() const;
};

/// The words of a command; any bytes.
using Command = std::vector<std::string>;

/// Appends `command` as a server reads it.
void append_command(std::string& out, const Command& command);

/// Bytes in, replies out; hiredis does the reading. After an error it is of no use any more.
class ReplyReader {
 public:
  /// `max_bytes` a reply.
  explicit ReplyReader(std::size_t max_bytes);

  /// Error `live_unavailable`: what came is no RESP, or too large.
  Result<> feed(std::string_view bytes);
  /// The next whole reply. Nothing: more bytes are needed. Errors as feed().
  Result<std::optional<Reply>> next();

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };

  std::size_t max_bytes_;
  std::size_t unfinished_bytes_ = 0;   // that came since the last whole reply
  std::unique_ptr<std::size_t> room_;  // elements that the next reply may still have; hiredis knows where it is
  std::unique_ptr<redisReader, Free> reader_;
};

}  // namespace trunkline::store::redis

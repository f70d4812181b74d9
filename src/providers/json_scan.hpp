#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

namespace trunkline::providers {

/// Walks a JSON text whose shape is known, for the messages that come fifty times a second: nothing is built, strings
/// are views into the text. Each step is false where the text is not what is asked for. It knows no escapes: who takes
/// a string must know that it has none.
class JsonScan {
 public:
  explicit JsonScan(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  bool at_end() {
    skip_blanks();
    return at_ == end_;
  }
  bool take(char expected) {
    skip_blanks();
    if (at_ == end_ || *at_ != expected) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    skip_blanks();
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  /// Up to the next quote.
  bool quoted(std::string_view& out) {
    if (!take('"')) return false;
    const void* quote = std::memchr(at_, '"', static_cast<std::size_t>(end_ - at_));
    if (quote == nullptr) return false;
    const auto size = static_cast<std::size_t>(static_cast<const char*>(quote) - at_);
    out = {at_, size};
    at_ += size + 1;
    return true;
  }
  /// An object with a member at least; `member(key)` takes each value.
  template <class Member>
  bool members(Member member) {
    if (!take('{')) return false;
    do {
      std::string_view key;
      if (!quoted(key) || !take(':') || !member(key)) return false;
    } while (take(','));
    return take('}');
  }

 private:
  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }

  const char* at_;
  const char* end_;
};

}  // namespace trunkline::providers

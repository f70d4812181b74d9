#pragma once

#include <openssl/evp.h>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace streamload {

/// Writes text into a buffer that is large enough.
class Text {
 public:
  explicit Text(char* at) : at_(at) {}

  Text& operator<<(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
    return *this;
  }
  Text& operator<<(std::uint64_t number) {
    at_ = std::to_chars(at_, at_ + 20, number).ptr;
    return *this;
  }
  /// With zeros before it.
  Text& digits(unsigned number, unsigned count) {
    for (unsigned i = count; i > 0; --i, number /= 10) at_[i - 1] = static_cast<char>('0' + number % 10);
    at_ += count;
    return *this;
  }
  Text& base64(std::span<const std::uint8_t> bytes) {
    at_ += EVP_EncodeBlock(reinterpret_cast<unsigned char*>(at_), bytes.data(), static_cast<int>(bytes.size()));
    return *this;
  }

  char* end() const { return at_; }

 private:
  char* at_;
};

}  // namespace streamload

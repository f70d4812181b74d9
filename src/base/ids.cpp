#include <trunkline/base/crypto.hpp>
#include <trunkline/base/ids.hpp>

#include <openssl/rand.h>

#include <array>
#include <cstdint>
#include <mutex>
#include <stdexcept>

namespace trunkline {
namespace {

// ULID: 48 bits of milliseconds, 80 random bits; within one millisecond the random part counts up.
class UlidIds final : public Ids {
 public:
  explicit UlidIds(const Clock& clock) : clock_(clock) {}

  std::string make(std::string_view prefix) override {
    std::array<std::uint8_t, 16> bytes = next();
    std::string id(prefix);
    id += '_';
    append_base32(id, bytes);
    return id;
  }

  std::string secret(std::size_t bytes) override {
    std::string random(bytes, '\0');
    fill(reinterpret_cast<std::uint8_t*>(random.data()), random.size());
    return crypto::hex(random);
  }

 private:
  static void fill(std::uint8_t* out, std::size_t size) {
    if (RAND_bytes(out, static_cast<int>(size)) != 1) throw std::runtime_error("the system's random generator failed");
  }

  std::array<std::uint8_t, 16> next() {
    const std::lock_guard lock(mutex_);
    const std::int64_t now = to_millis(clock_.wall());
    if (now > last_ms_) {
      last_ms_ = now;
      fill(last_.data() + 6, 10);
      last_[6] &= 0x7F;  // room to count up without overflow
    } else {
      for (std::size_t i = 15; i >= 6 && ++last_[i] == 0; --i) {
      }
    }
    for (std::size_t i = 0; i < 6; ++i) last_[i] = static_cast<std::uint8_t>(last_ms_ >> (40 - 8 * i));
    return last_;
  }

  static void append_base32(std::string& out, const std::array<std::uint8_t, 16>& bytes) {
    static constexpr char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    unsigned value = 0;
    unsigned bits = 2;  // 26 characters carry 130 bits: two leading zero bits
    for (const std::uint8_t byte : bytes) {
      value = value << 8 | byte;
      bits += 8;
      while (bits >= 5) {
        bits -= 5;
        out += digits[value >> bits & 31];
      }
      value &= (1U << bits) - 1;
    }
  }

  const Clock& clock_;
  std::mutex mutex_;
  std::int64_t last_ms_ = -1;
  std::array<std::uint8_t, 16> last_{};
};

}  // namespace

std::unique_ptr<Ids> make_ids(const Clock& clock) {
  return std::make_unique<UlidIds>(clock);
}

}  // namespace trunkline

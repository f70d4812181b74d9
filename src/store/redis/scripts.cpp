#include "store/redis/scripts.hpp"

#include "store/token_bucket.hpp"

#include <trunkline/base/crypto.hpp>

#include <openssl/evp.h>

#include <array>
#include <cstdint>

namespace trunkline::store::redis {
namespace {

std::string sha1_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  std::size_t size = digest.size();
  EVP_Q_digest(nullptr, "SHA1", nullptr, text.data(), text.size(), digest.data(), &size);
  return crypto::hex({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace

Script::Script(std::string_view text) : text_(text), digest_(sha1_hex(text)) {}

const Script& claim_script() {
  static const Script script(R"(
local held = redis.call('HMGET', KEYS[1], 'holder', 'fence')
if held[1] and (ARGV[2] < held[2] or (ARGV[2] == held[2] and ARGV[1] ~= held[1])) then return 0 end
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'fence', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
)");
  return script;
}

const Script& release_script() {
  static const Script script(R"(
local held = redis.call('HMGET', KEYS[1], 'holder', 'fence')
if held[1] == ARGV[1] and held[2] == ARGV[2] then redis.call('DEL', KEYS[1]) end
return 1
)");
  return script;
}

const Script& put_newer_script() {
  static const Script script(R"(
local known = redis.call('HGET', KEYS[1], 'version')
if known and tonumber(known) > tonumber(ARGV[1]) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
)");
  return script;
}

// As take_token(). The server's clock: all nodes agree about it. '%.0f', because Lua writes large numbers as 1e+15.
const Script& take_script() {
  static_assert(bucket_units == 60'000);
  static const Script script(R"(
local unit = 60000
local capacity, per_minute = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local full = capacity * unit
local level = full
local known = redis.call('HMGET', KEYS[1], 'level', 'at')
if known[1] then
  level = math.min(tonumber(known[1]), full)
  local passed = math.max(now - tonumber(known[2]), 0)
  if passed >= math.ceil((full - level) / per_minute) then level = full else level = level + passed * per_minute end
end
local admitted, retry = 1, 0
if level >= unit then
  level = level - unit
else
  admitted, retry = 0, math.ceil((unit - level) / per_minute)
end
local full_after = math.ceil((full - level) / per_minute)
redis.call('HSET', KEYS[1], 'level', string.format('%.0f', level), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', full_after))
return {admitted, math.floor(level / unit), retry, full_after}
)");
  return script;
}

std::string fence_text(std::int64_t fence) {
  std::string digits = std::to_string(static_cast<std::uint64_t>(fence) ^ (std::uint64_t{1} << 63));
  return digits.insert(0, 20 - digits.size(), '0');
}

}  // namespace trunkline::store::redis

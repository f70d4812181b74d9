#include <trunkline/base/crypto.hpp>
#include <trunkline/providers/acs/repeatability.hpp>

namespace trunkline::providers::acs {

std::string uuid_of(std::string_view key) {
  std::string id = crypto::sha256(key).substr(0, 16);
  id[6] = static_cast<char>((static_cast<unsigned char>(id[6]) & 0x0F) | 0x40);
  id[8] = static_cast<char>((static_cast<unsigned char>(id[8]) & 0x3F) | 0x80);
  std::string out = crypto::hex(id);
  for (const std::size_t at : {20U, 16U, 12U, 8U}) out.insert(at, 1, '-');
  return out;
}

}  // namespace trunkline::providers::acs

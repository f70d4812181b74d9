#include <trunkline/base/phone.hpp>
#include <trunkline/base/text.hpp>

#include <algorithm>
#include <array>

namespace trunkline::phone {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_visible(char c) {
  return c > ' ' && c < 0x7F;
}

constexpr std::array withheld = {std::string_view{"anonymous"}, std::string_view{"restricted"},
                                 std::string_view{"unavailable"}, std::string_view{"unknown"}};

}  // namespace

bool is_e164(std::string_view number) {
  return number.size() >= 3 && number.size() <= 16 && number[0] == '+' && number[1] != '0' &&
         std::all_of(number.begin() + 1, number.end(), is_digit);
}

bool is_party(std::string_view address) {
  if (is_e164(address)) return true;
  if (address.size() > 256) return false;
  const auto named = [&](std::string_view scheme) {
    return address.starts_with(scheme) && address.size() > scheme.size() &&
           std::all_of(address.begin(), address.end(), is_visible);
  };
  if (named("client:")) return true;
  if (named("sip:") || named("sips:")) {
    const auto host = address.find('@');
    return host != std::string_view::npos && address[host - 1] != ':' && !address.ends_with('@');
  }
  const auto is_withheld = [&](std::string_view word) { return text::iequals(word, address); };
  if (std::any_of(withheld.begin(), withheld.end(), is_withheld)) return true;
  return address.size() >= 3 && address.size() <= 6 && std::all_of(address.begin(), address.end(), is_digit);
}

}  // namespace trunkline::phone

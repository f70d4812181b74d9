#include <trunkline/base/form.hpp>
#include <trunkline/base/text.hpp>

namespace trunkline {

std::string_view first_of(const Params& params, std::string_view name) {
  for (const auto& [key, value] : params) {
    if (key == name) return value;
  }
  return {};
}

Result<Params> parse_form(std::string_view body, std::size_t max_params) {
  Params params;
  while (!body.empty()) {
    const auto end = std::min(body.find('&'), body.size());
    const std::string_view field = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (field.empty()) continue;
    if (params.size() == max_params) {
      return make_error("too_many_parameters", "the form has more than " + std::to_string(max_params) + " parameters");
    }
    const auto equals = std::min(field.find('='), field.size());
    const std::string_view value = equals < field.size() ? field.substr(equals + 1) : std::string_view{};
    params.emplace_back(text::percent_decode(field.substr(0, equals), true), text::percent_decode(value, true));
  }
  return params;
}

std::string encode_form(const Params& params) {
  std::string out;
  for (const auto& [key, value] : params) {
    if (!out.empty()) out += '&';
    out += text::percent_encode(key) + '=' + text::percent_encode(value);
  }
  return out;
}

}  // namespace trunkline

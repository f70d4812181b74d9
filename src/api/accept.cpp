#include "api/accept.hpp"

#include <trunkline/base/text.hpp>

#include <optional>

namespace trunkline::api {
namespace {

constexpr int whole = 1'000;  // weights are in thousandths: `q` has three digits at most

/// One element of an Accept header.
struct Range {
  std::string_view name;
  int weight = whole;
};

std::optional<int> read_weight(std::string_view text) {
  if (text.empty() || (text[0] != '0' && text[0] != '1') || text.size() > 5) return std::nullopt;
  int weight = text[0] == '1' ? whole : 0;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int place = whole / 10;
  for (std::size_t i = 2; i < text.size(); ++i, place /= 10) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    weight += (text[i] - '0') * place;
  }
  return weight <= whole ? std::optional(weight) : std::nullopt;
}

// Nothing for an element whose weight is malformed: it is left out.
std::optional<Range> read_range(std::string_view element) {
  const auto parts = text::split(element, ';');
  Range range{text::trim(parts.front())};
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string_view parameter = text::trim(parts[i]);
    if (parameter.size() < 2 || !text::iequals(parameter.substr(0, 2), "q=")) continue;
    const auto weight = read_weight(parameter.substr(2));
    if (!weight) return std::nullopt;
    range.weight = *weight;
  }
  return range;
}

// How closely a range names an offer: 0 not at all, 1 as anything, 2 as any of its type, 3 by name.
int closeness(std::string_view range, std::string_view offer) {
  if (text::iequals(range, offer)) return 3;
  if (range == "*/*" || range == "*") return 1;
  const auto slash = offer.find('/');
  const bool of_type = slash != std::string_view::npos && range.size() == slash + 2 && range.ends_with("/*") &&
                       text::iequals(range.substr(0, slash), offer.substr(0, slash));
  return of_type ? 2 : 0;
}

// The range that names an offer most closely decides, whatever the order.
int weight_of(std::string_view header, std::string_view offer) {
  int closest = 0;
  int weight = 0;
  for (const auto element : text::split(header, ',')) {
    const auto range = read_range(element);
    if (!range) continue;
    const int close = closeness(range->name, offer);
    if (close <= closest) continue;
    closest = close;
    weight = range->weight;
  }
  return weight;
}

}  // namespace

std::string_view preferred_type(std::string_view accept, std::initializer_list<std::string_view> offers) {
  if (text::trim(accept).empty()) return *offers.begin();
  std::string_view best;
  int best_weight = 0;
  for (const auto offer : offers) {
    const int weight = weight_of(accept, offer);
    if (weight <= best_weight) continue;
    best = offer;
    best_weight = weight;
  }
  return best;
}

bool accepts_coding(std::string_view accept_encoding, std::string_view coding) {
  return weight_of(accept_encoding, coding) > 0;
}

}  // namespace trunkline::api

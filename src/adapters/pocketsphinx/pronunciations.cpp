#include <adapters/pocketsphinx/pronunciations.hpp>
#include <algorithm>
#include <fstream>
#include <iterator>

namespace trunkline::adapters {
namespace {

std::string_view first_word(std::string_view line) {
  return line.substr(0, line.find(' '));
}

}  // namespace

Result<Pronunciations> Pronunciations::load(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return make_error("engine_unavailable", "the embedded speech engine's dictionary cannot be read", file.string());
  }
  return Pronunciations(std::string(std::istreambuf_iterator<char>(in), {}));
}

Pronunciations::Pronunciations(std::string text) : text_(text.begin(), text.end()) {
  std::string_view rest(text_.data(), text_.size());
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    if (line.find(' ') != std::string_view::npos) lines_.push_back(line);
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  std::ranges::sort(lines_, {}, first_word);
}

std::optional<Pronunciation> Pronunciations::find(std::string_view entry) const {
  const auto line = std::ranges::lower_bound(lines_, entry, {}, first_word);
  if (line == lines_.end() || first_word(*line) != entry) return std::nullopt;
  return Pronunciation{std::string(entry), std::string(line->substr(entry.size() + 1))};
}

std::vector<Pronunciation> Pronunciations::of(std::string_view word) const {
  std::vector<Pronunciation> all;
  auto found = find(word);
  for (int n = 2; found; ++n) {
    all.push_back(std::move(*found));
    found = find(std::string(word) + "(" + std::to_string(n) + ")");
  }
  return all;
}

}  // namespace trunkline::adapters

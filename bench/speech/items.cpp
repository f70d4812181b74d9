#include "items.hpp"

#include "sounds.hpp"
#include "voices.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace bench {
namespace fs = std::filesystem;
namespace {

void add_spoken(std::vector<Item>& items, const Voice& voice, const char* kind, std::span<const Said> set) {
  for (const Said& said : set) {
    const std::string text(said.text);
    auto wideband = say(voice, text);
    items.push_back({voice.name + ": " + text, voice.group + ", " + kind, std::string(said.expected),
                     by_telephone(wideband), std::move(wideband)});
  }
}

Samples read_pcm(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(in), {});
  Samples samples;
  for (std::size_t i = file.extension() == ".wav" ? 44 : 0; i + 1 < bytes.size(); i += 2) {
    const auto low = static_cast<unsigned char>(bytes[i]);
    const auto high = static_cast<unsigned char>(bytes[i + 1]);
    samples.push_back(static_cast<std::int16_t>(static_cast<std::uint16_t>(low | (high << 8))));
  }
  return samples;
}

void add_human(std::vector<Item>& items, std::vector<std::string>& missing) {
  const fs::path folder = "/usr/share/pocketsphinx/test/data";
  if (!fs::exists(folder)) {
    missing.emplace_back("the human voices: their recordings are not installed (Debian package pocketsphinx-testdata)");
    return;
  }
  for (const auto& clip : human) {
    auto wideband = read_pcm(folder / clip.file);
    items.push_back({std::string(clip.file), clip.expected.empty() ? "human, foreign" : "human",
                     std::string(clip.expected), by_telephone(wideband), std::move(wideband)});
  }
}

}  // namespace

std::vector<Item> make_items(const Script& said, std::vector<std::string>& missing) {
  std::vector<Item> items;
  for (const auto& voice : voices(missing)) {
    add_spoken(items, voice, "digits", said.digits);
    add_spoken(items, voice, "yes/no", said.answers);
    add_spoken(items, voice, "commands", said.commands);
    add_spoken(items, voice, "phrases", said.phrases);
    add_spoken(items, voice, "foreign", said.foreign);
  }
  add_human(items, missing);
  for (const auto& sound : network_tones()) items.push_back({sound.name, "tones", "", sound.samples, {}});
  for (const auto& sound : noises()) items.push_back({sound.name, "noises", "", sound.samples, {}});
  return items;
}

std::vector<std::string> route_phrases(const Script& said) {
  std::vector<std::string> texts;
  for (const auto& phrase : said.phrases) texts.emplace_back(phrase.text);
  for (const auto& clip : human) {
    const bool figures = clip.expected.find_first_of("0123456789") != std::string_view::npos;
    if (!clip.expected.empty() && !figures) texts.emplace_back(clip.expected);
  }
  return texts;
}

}  // namespace bench

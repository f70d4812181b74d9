// Measures the embedded transcriber from mu-law in to segments out: word error, wrong and missing answers, false
// acceptance, CPU and memory. Prints Markdown, and every mistake on standard error. docs/speech.md says what the
// figures are worth.

#include "engine.hpp"
#include "items.hpp"
#include "rate_utterances.hpp"
#include "score.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <span>
#include <string_view>

namespace fs = std::filesystem;

namespace {

using trunkline::media::Encoding;
using trunkline::media::Format;

enum class Band : std::uint8_t { telephone, wide };

struct Condition {
  const char* name;
  bench::Noise noise = bench::Noise::none;
  double snr_db = 0;
  Format format = {};
  Band band = Band::telephone;
};

constexpr std::array noisy = {Condition{"no noise"},
                              Condition{"caller 20 dB", bench::Noise::around_caller, 20},
                              Condition{"caller 10 dB", bench::Noise::around_caller, 10},
                              Condition{"line 60 dB", bench::Noise::on_line, 60},
                              Condition{"line 20 dB", bench::Noise::on_line, 20},
                              Condition{"line 10 dB", bench::Noise::on_line, 10}};

constexpr Condition without_noise(const char* name, Format format, Band band) {
  return {name, bench::Noise::none, 0, format, band};
}

// What carriers send. A telephone's voice stays one in a stream of a higher rate.
constexpr std::array rates = {Condition{"mu-law"},
                              without_noise("8 kHz", {Encoding::pcm16, 8'000}, Band::telephone),
                              without_noise("16 kHz", {Encoding::pcm16, 16'000}, Band::telephone),
                              without_noise("24 kHz", {Encoding::pcm16, 24'000}, Band::telephone),
                              without_noise("16 kHz, wideband", {Encoding::pcm16, 16'000}, Band::wide),
                              without_noise("24 kHz, wideband", {Encoding::pcm16, 24'000}, Band::wide)};

using Conditions = std::span<const Condition>;

struct Measurement {
  bench::Script said;
  Conditions conditions;
};

bench::Samples audio_for(const bench::Item& item, const Condition& condition) {
  if (condition.format == Format{}) return bench::with_noise(item.sound, condition.noise, condition.snr_db);
  if (condition.band == Band::wide) return bench::at_rate(item.wideband, 16'000, condition.format.sample_rate);
  return bench::at_rate(item.sound, 8'000, condition.format.sample_rate);
}

using Tallies = std::vector<bench::Tally>;  // one a condition

/// One line of a table.
struct Row {
  std::string title;
  bool understood = false;  // else: must be rejected
  Tallies tallies;
};

struct Measured {
  std::vector<Row> rows;  // in the order of the items
  double audio_seconds = 0;
  double cpu_seconds = 0;
};

bench::Tally& tally_for(std::vector<Row>& rows, const bench::Item& item, std::size_t condition, std::size_t count) {
  auto row = std::ranges::find(rows, item.row, &Row::title);
  if (row == rows.end()) {
    rows.push_back({item.row, !item.expected.empty(), Tallies(count)});
    row = rows.end() - 1;
  }
  return row->tallies[condition];
}

Measured measure(const fs::path& scratch, const std::vector<bench::Item>& items,
                 const std::vector<std::string>& phrases, Conditions conditions) {
  const auto engine = bench::make_engine(scratch, 1);
  Measured measured;
  for (std::size_t c = 0; c < conditions.size(); ++c) {
    for (const auto& item : items) {
      if (conditions[c].band == Band::wide && item.wideband.empty()) continue;
      const auto audio = audio_for(item, conditions[c]);
      const double before = bench::cpu_seconds();
      const auto heard = bench::transcribe(*engine, phrases, audio, conditions[c].format);
      measured.cpu_seconds += bench::cpu_seconds() - before;
      measured.audio_seconds += static_cast<double>(audio.size()) / conditions[c].format.sample_rate;
      tally_for(measured.rows, item, c, conditions.size()).count(item.expected, heard);
      if (heard != item.expected) {
        std::fprintf(stderr, "%s, %s: '%s' for '%s'\n", conditions[c].name, item.name.c_str(), heard.c_str(),
                     item.expected.c_str());
      }
    }
  }
  return measured;
}

void print_head(const char* first, Conditions conditions) {
  std::printf("\n| %s | n |", first);
  for (const auto& condition : conditions) std::printf(" %s |", condition.name);
  std::printf("\n|---|---|");
  for (std::size_t c = 0; c < conditions.size(); ++c) std::printf("---|");
  std::printf("\n");
}

void print_rows(const std::vector<Row>& rows, bool understood) {
  for (const auto& row : rows) {
    if (row.understood != understood) continue;
    std::printf("| %s | %zu |", row.title.c_str(), row.tallies.front().utterances);
    for (const auto& tally : row.tallies) {
      if (tally.utterances == 0) {
        std::printf(" |");
      } else if (understood) {
        std::printf(" %.1f (%zu, %zu) |", bench::percent(tally.word_errors, tally.words), tally.wrong, tally.missing);
      } else {
        std::printf(" %.1f |", bench::percent(tally.wrong, tally.utterances));
      }
    }
    std::printf("\n");
  }
}

void print(const Measured& measured, Conditions conditions) {
  print_head("word error in % (utterances wrong, missing)", conditions);
  print_rows(measured.rows, true);
  print_head("accepted by mistake, in %", conditions);
  print_rows(measured.rows, false);
  std::printf("\nCPU: %.1f ms a second of audio (%.0f s of audio, two seconds of each item are pause).\n",
              1'000 * measured.cpu_seconds / measured.audio_seconds, measured.audio_seconds);
}

void print_cost(const fs::path& scratch, const bench::Samples& speech) {
  constexpr std::size_t streams = 9;
  std::printf("Memory: %.1f MB a stream.\n", bench::megabytes_a_stream(scratch, streams, speech));
  constexpr double seconds = 300;
  const auto engine = bench::make_engine(scratch, 1);
  const double before = bench::cpu_seconds();
  bench::transcribe(*engine, {}, bench::Samples(static_cast<std::size_t>(seconds * 8'000)));
  std::printf("CPU while nobody speaks: %.2f ms a second of audio.\n",
              1'000 * (bench::cpu_seconds() - before) / seconds);
}

void run(const fs::path& scratch, const Measurement& asked) {
  std::vector<std::string> missing;
  const auto items = bench::make_items(asked.said, missing);
  for (const auto& what : missing) std::printf("Left out: %s.\n", what.c_str());
  print_cost(scratch, items.front().sound);  // first, while the process has freed nothing that could be used again
  print(measure(scratch, items, bench::route_phrases(asked.said), asked.conditions), asked.conditions);
}

}  // namespace

int main(int argc, char** argv) {
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  const std::string_view asked = argc == 2 ? arguments[1] : "";
  if (argc > 2 || (argc == 2 && asked != "--quick" && asked != "--rates")) {
    std::fprintf(stderr,
                 "usage: speech_accuracy [--quick | --rates]\n"
                 "--quick: without noise only; --rates: without noise, as PCM at each rate\n");
    return 2;
  }
  Measurement measurement{bench::script, noisy};
  if (asked == "--quick") measurement.conditions = Conditions(noisy).first(1);
  if (asked == "--rates") measurement = {bench::at_rates::script, rates};
  const auto scratch = fs::temp_directory_path() / ("trunkline-speech-" + std::to_string(getpid()));
  int status = 0;
  try {
    run(scratch, measurement);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    status = 1;
  }
  fs::remove_all(scratch);
  return status;
}

// Measures the embedded transcriber from mu-law in to segments out: word error, wrong and missing answers, false
// acceptance, CPU and memory. Prints Markdown, and every mistake on standard error. docs/speech.md says what the
// figures are worth.

#include "engine.hpp"
#include "items.hpp"
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

struct Condition {
  const char* name;
  bench::Noise noise;
  double snr_db;
};

constexpr std::array conditions = {Condition{"no noise", bench::Noise::none, 0},
                                   Condition{"caller 20 dB", bench::Noise::around_caller, 20},
                                   Condition{"caller 10 dB", bench::Noise::around_caller, 10},
                                   Condition{"line 60 dB", bench::Noise::on_line, 60},
                                   Condition{"line 20 dB", bench::Noise::on_line, 20},
                                   Condition{"line 10 dB", bench::Noise::on_line, 10}};

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

bench::Tally& tally_for(std::vector<Row>& rows, const bench::Item& item, std::size_t condition) {
  auto row = std::ranges::find(rows, item.row, &Row::title);
  if (row == rows.end()) {
    rows.push_back({item.row, !item.expected.empty(), Tallies(conditions.size())});
    row = rows.end() - 1;
  }
  return row->tallies[condition];
}

Measured measure(const fs::path& scratch, const std::vector<bench::Item>& items, std::size_t condition_count) {
  const auto engine = bench::make_engine(scratch, 1);
  const auto phrases = bench::route_phrases();
  Measured measured;
  for (std::size_t c = 0; c < condition_count; ++c) {
    for (const auto& item : items) {
      const auto audio = bench::with_noise(item.sound, conditions[c].noise, conditions[c].snr_db);
      const double before = bench::cpu_seconds();
      const auto heard = bench::transcribe(*engine, phrases, audio);
      measured.cpu_seconds += bench::cpu_seconds() - before;
      measured.audio_seconds += static_cast<double>(audio.size()) / 8'000;
      tally_for(measured.rows, item, c).count(item.expected, heard);
      if (heard != item.expected) {
        std::fprintf(stderr, "%s, %s: '%s' for '%s'\n", conditions[c].name, item.name.c_str(), heard.c_str(),
                     item.expected.c_str());
      }
    }
  }
  return measured;
}

void print_head(const char* first, std::size_t condition_count) {
  std::printf("\n| %s | n |", first);
  for (std::size_t c = 0; c < condition_count; ++c) std::printf(" %s |", conditions[c].name);
  std::printf("\n|---|---|");
  for (std::size_t c = 0; c < condition_count; ++c) std::printf("---|");
  std::printf("\n");
}

void print_rows(const std::vector<Row>& rows, bool understood, std::size_t condition_count) {
  for (const auto& row : rows) {
    if (row.understood != understood) continue;
    std::printf("| %s | %zu |", row.title.c_str(), row.tallies.front().utterances);
    for (std::size_t c = 0; c < condition_count; ++c) {
      const auto& tally = row.tallies[c];
      if (understood) {
        std::printf(" %.1f (%zu, %zu) |", bench::percent(tally.word_errors, tally.words), tally.wrong, tally.missing);
      } else {
        std::printf(" %.1f |", bench::percent(tally.wrong, tally.utterances));
      }
    }
    std::printf("\n");
  }
}

void print(const Measured& measured, std::size_t condition_count) {
  print_head("word error in % (utterances wrong, missing)", condition_count);
  print_rows(measured.rows, true, condition_count);
  print_head("accepted by mistake, in %", condition_count);
  print_rows(measured.rows, false, condition_count);
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

void run(const fs::path& scratch, std::size_t condition_count) {
  std::vector<std::string> missing;
  const auto items = bench::make_items(missing);
  for (const auto& what : missing) std::printf("Left out: %s.\n", what.c_str());
  print_cost(scratch, items.front().sound);  // first, while the process has freed nothing that could be used again
  print(measure(scratch, items, condition_count), condition_count);
}

}  // namespace

int main(int argc, char** argv) {
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  const bool quick = argc == 2 && std::string_view(arguments[1]) == "--quick";
  if (argc > 1 && !quick) {
    std::fprintf(stderr, "usage: speech_accuracy [--quick]   --quick: without noise only\n");
    return 2;
  }
  const auto scratch = fs::temp_directory_path() / ("trunkline-speech-" + std::to_string(getpid()));
  int status = 0;
  try {
    run(scratch, quick ? 1 : conditions.size());
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    status = 1;
  }
  fs::remove_all(scratch);
  return status;
}

// Measures the embedded transcriber from mu-law in to segments out: word error, wrong and missing answers, false
// acceptance, CPU and memory. Prints Markdown. docs/speech.md says what the figures are worth.

#include "utterances.hpp"
#include "voices.hpp"

#include <trunkline/adapters/embedded_transcriber.hpp>
#include <trunkline/media/g711.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <span>

using namespace trunkline;
namespace fs = std::filesystem;

namespace {

struct Item {
  std::string group;
  std::string kind;
  std::string expected;  // empty: must be rejected
  bench::Samples speech;
};

class Listener final : public speech::TranscriptListener {
 public:
  void on_segment(const speech::Segment& segment) override { heard_ += (heard_.empty() ? "" : " ") + segment.text; }
  void on_trouble(const std::string& reason, const std::string&) override {
    std::fprintf(stderr, "trouble: %s\n", reason.c_str());
  }
  void on_finished() override {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    changed_.notify_all();
  }
  std::string wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return finished_; });
    return heard_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool finished_ = false;
  std::string heard_;  // complete when finished_ is set
};

struct Tally {
  std::size_t utterances = 0;
  std::size_t exact = 0;
  std::size_t rejected = 0;
  std::size_t words = 0;
  std::size_t word_errors = 0;
};

struct Condition {
  const char* name;
  bench::Noise noise;
  double snr_db;
};

constexpr Condition conditions[] = {{"none", bench::Noise::none, 0},
                                    {"around the caller, 20 dB", bench::Noise::around_caller, 20},
                                    {"around the caller, 10 dB", bench::Noise::around_caller, 10},
                                    {"on the line, 60 dB", bench::Noise::on_line, 60},
                                    {"on the line, 20 dB", bench::Noise::on_line, 20},
                                    {"on the line, 10 dB", bench::Noise::on_line, 10}};

using Words = std::vector<std::string>;

// Figures count one word each.
Words words_of(const std::string& text) {
  Words words;
  std::string word;
  for (const char c : text + " ") {
    const bool figure = c >= '0' && c <= '9';
    if ((c == ' ' || figure) && !word.empty()) words.push_back(std::exchange(word, {}));
    if (figure) {
      words.emplace_back(1, c);
    } else if (c != ' ') {
      word += c;
    }
  }
  return words;
}

std::size_t edit_distance(const Words& a, const Words& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({replaced, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row.back();
}

std::vector<std::string> route_phrases() {
  std::vector<std::string> texts = {"go forward ten meters"};
  for (const auto& said : bench::phrases) texts.emplace_back(said.text);
  return texts;
}

// Each utterance is a call of its own, so every one is met with the cepstral mean of a call's start.
std::string transcribe(speech::Transcriber& engine, const bench::Samples& audio) {
  speech::TranscribeRequest request;
  request.phrases = route_phrases();
  const auto listener = std::make_shared<Listener>();
  const auto sink = engine.open(request, listener);
  if (!sink) throw std::runtime_error(sink.error().message);
  std::vector<std::uint8_t> mulaw(audio.size());
  media::encode_mulaw(audio, mulaw.data());
  for (std::size_t done = 0; done + 160 <= mulaw.size(); done += 160) {
    media::Frame frame;
    frame.position = static_cast<std::int64_t>(done);
    frame.samples = 160;
    frame.data = std::span(mulaw).subspan(done, 160);
    (*sink)->on_frame(frame);
    if ((*sink)->queued_bytes() > 40'000) (*sink)->on_batch_end();
    while ((*sink)->queued_bytes() > 60'000) usleep(1'000);
  }
  (*sink)->on_end(media::EndCause::stop);
  return listener->wait();
}

template <class Set>
void add(std::vector<Item>& items, const bench::Voice& voice, const char* kind, const Set& set) {
  for (const auto& said : set) {
    items.push_back(
        {voice.group, kind, std::string(said.expected), bench::say_by_telephone(voice, std::string(said.text))});
  }
}

bench::Samples read_pcm(const fs::path& file, std::size_t header) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(in), {});
  bench::Samples samples;
  for (std::size_t i = header; i + 1 < bytes.size(); i += 2) {
    const auto low = static_cast<unsigned char>(bytes[i]);
    const auto high = static_cast<unsigned char>(bytes[i + 1]);
    samples.push_back(static_cast<std::int16_t>(static_cast<std::uint16_t>(low | (high << 8))));
  }
  return samples;
}

// The human voices of Debian's pocketsphinx-testdata, 16 kHz, where it is installed.
void add_human(std::vector<Item>& items) {
  const fs::path folder = "/usr/share/pocketsphinx/test/data";
  if (!fs::exists(folder)) return;
  const auto by_phone = [&](const fs::path& file, std::size_t header) {
    return bench::by_telephone(read_pcm(folder / file, header));
  };
  items.push_back({"human", "phrases", "go forward ten meters", by_phone("goforward.raw", 0)});
  for (const auto& entry : fs::directory_iterator(folder / "librivox")) {
    if (entry.path().extension() == ".wav") {
      items.push_back({"human", "foreign", "", by_phone(entry.path(), 44)});
    }
  }
  for (const auto& entry : fs::directory_iterator(folder / "cards")) {
    if (entry.path().extension() == ".wav") items.push_back({"human", "foreign", "", by_phone(entry.path(), 44)});
  }
}

std::vector<Item> make_items() {
  std::vector<Item> items;
  for (const auto& voice : bench::voices()) {
    add(items, voice, "digits", bench::digits);
    add(items, voice, "yes/no", bench::answers);
    add(items, voice, "commands", bench::commands);
    add(items, voice, "phrases", bench::phrases);
    add(items, voice, "foreign", bench::foreign);
  }
  add_human(items);
  return items;
}

void count(Tally& tally, const std::string& expected, const std::string& heard) {
  const auto right = words_of(expected);
  ++tally.utterances;
  tally.exact += heard == expected ? 1 : 0;
  tally.rejected += heard.empty() ? 1 : 0;
  tally.words += right.size();
  tally.word_errors += edit_distance(right, words_of(heard));
}

double percent(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

double private_megabytes() {
  std::ifstream in("/proc/self/smaps_rollup");
  double kilobytes = 0;
  for (std::string word; in >> word;) {
    double value = 0;
    if ((word == "Private_Clean:" || word == "Private_Dirty:") && in >> value) kilobytes += value;
  }
  return kilobytes / 1024;
}

std::unique_ptr<adapters::EmbeddedTranscriber> make_engine(const fs::path& scratch, std::size_t decoders) {
  adapters::EmbeddedOptions options;
  options.scratch_dir = scratch;
  options.max_decoders = decoders;
  auto made = adapters::make_embedded_transcriber(options);
  if (!made) throw std::runtime_error(made.error().message);
  return std::move(*made);
}

void measure_accuracy(speech::Transcriber& engine, const std::vector<Item>& items) {
  double audio_seconds = 0;
  const double cpu_before = cpu_seconds();
  std::printf(
      "| voices | noise | kind | utterances | word error | exact | rejected |\n|---|---|---|---|---|---|---|\n");
  for (const auto& condition : conditions) {
    std::map<std::pair<std::string, std::string>, Tally> tallies;
    for (const auto& item : items) {
      const auto audio = bench::with_noise(item.speech, condition.noise, condition.snr_db);
      audio_seconds += static_cast<double>(audio.size()) / 8'000;
      count(tallies[{item.group, item.kind}], item.expected, transcribe(engine, audio));
    }
    for (const auto& [key, tally] : tallies) {
      const bool foreign = key.second == "foreign";
      std::printf("| %s | %s | %s | %zu | ", key.first.c_str(), condition.name, key.second.c_str(), tally.utterances);
      if (foreign) {
        std::printf("- | - | %.1f %% |\n", percent(tally.rejected, tally.utterances));
      } else {
        std::printf("%.1f %% | %.1f %% | %.1f %% |\n", percent(tally.word_errors, tally.words),
                    percent(tally.exact, tally.utterances), percent(tally.rejected, tally.utterances));
      }
    }
  }
  std::printf("\nCPU: %.1f %% of a core a stream while somebody speaks about half of the time (%.0f s of audio).\n",
              100 * (cpu_seconds() - cpu_before) / audio_seconds, audio_seconds);
}

void measure_memory(const fs::path& scratch, const bench::Samples& speech) {
  constexpr std::size_t streams = 8;
  const auto engine = make_engine(scratch, streams);
  const double before = private_megabytes();
  std::vector<std::shared_ptr<Listener>> listeners;
  std::vector<std::shared_ptr<media::Sink>> sinks;
  const auto audio = bench::with_noise(speech, bench::Noise::none, 0);
  std::vector<std::uint8_t> mulaw(audio.size());
  media::encode_mulaw(audio, mulaw.data());
  for (std::size_t i = 0; i < streams; ++i) {
    listeners.push_back(std::make_shared<Listener>());
    sinks.push_back(*engine->open({}, listeners.back()));
    media::Frame frame;
    frame.samples = static_cast<std::uint32_t>(mulaw.size());
    frame.data = mulaw;
    sinks.back()->on_frame(frame);
    sinks.back()->on_batch_end();
  }
  // Until every stream has decoded: then each holds its decoders.
  while (engine->counts().utterances < streams) usleep(1'000);
  const double used = private_megabytes() - before;
  for (const auto& sink : sinks) sink->on_end(media::EndCause::stop);
  for (const auto& listener : listeners) listener->wait();
  std::printf("Memory: %.1f MB private a stream with %zu streams at once.\n", (private_megabytes() - before) / streams,
              streams);
}

}  // namespace

int main() {
  const auto scratch = fs::temp_directory_path() / ("trunkline-speech-" + std::to_string(getpid()));
  int status = 0;
  try {
    const auto items = make_items();
    const auto engine = make_engine(scratch, 1);
    measure_accuracy(*engine, items);
    measure_memory(scratch, items.front().speech);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    status = 1;
  }
  fs::remove_all(scratch);
  return status;
}

#include "engine.hpp"

#include <trunkline/media/g711.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <span>
#include <stdexcept>

using namespace trunkline;

namespace bench {
namespace {

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

std::vector<std::uint8_t> encoded(const Samples& audio, media::Format format) {
  std::vector<std::uint8_t> bytes(audio.size() * format.sample_bytes());
  if (format.encoding == media::Encoding::mulaw) {
    media::encode_mulaw(audio, bytes.data());
    return bytes;
  }
  for (std::size_t i = 0; i < audio.size(); ++i) {
    bytes[2 * i] = static_cast<std::uint8_t>(audio[i] & 0xFF);
    bytes[2 * i + 1] = static_cast<std::uint8_t>(audio[i] >> 8 & 0xFF);
  }
  return bytes;
}

std::shared_ptr<media::Sink> open(speech::Transcriber& engine, const std::vector<std::string>& phrases,
                                  const std::shared_ptr<Listener>& listener, media::Format format = {}) {
  speech::TranscribeRequest request;
  request.phrases = phrases;
  request.format = format;
  const auto sink = engine.open(request, listener);
  if (!sink) throw std::runtime_error(sink.error().message);
  return *sink;
}

// Faster than a call is, but never so fast that audio is lost.
void play(media::Sink& sink, const Samples& audio, media::Format format = {}) {
  const auto bytes = encoded(audio, format);
  const auto samples = static_cast<std::size_t>(format.samples(20));
  const auto second = static_cast<std::size_t>(format.samples(1'000)) * format.sample_bytes();
  for (std::size_t done = 0; done + samples <= audio.size(); done += samples) {
    media::Frame frame;
    frame.position = static_cast<std::int64_t>(done);
    frame.samples = static_cast<std::uint32_t>(samples);
    frame.data = std::span(bytes).subspan(done * format.sample_bytes(), samples * format.sample_bytes());
    sink.on_frame(frame);
    if (sink.queued_bytes() > 5 * second) sink.on_batch_end();
    while (sink.queued_bytes() > 7 * second) usleep(1'000);
  }
  sink.on_batch_end();
}

// Heap and stacks; the model's files are mapped, and shared by all decoders.
double anonymous_megabytes() {
  std::ifstream in("/proc/self/smaps_rollup");
  for (std::string word; in >> word;) {
    double kilobytes = 0;
    if (word == "Anonymous:" && in >> kilobytes) return kilobytes / 1024;
  }
  throw std::runtime_error("/proc/self/smaps_rollup does not say how much memory is used");
}

// What the process holds while each of `streams` has just decoded.
double megabytes_with(const std::filesystem::path& scratch, std::size_t streams, const Samples& speech) {
  const auto engine = make_engine(scratch, streams);
  std::vector<std::shared_ptr<Listener>> listeners;
  std::vector<std::shared_ptr<media::Sink>> sinks;
  for (std::size_t i = 0; i < streams; ++i) {
    listeners.push_back(std::make_shared<Listener>());
    sinks.push_back(open(*engine, {}, listeners.back()));
    play(*sinks.back(), with_noise(speech, Noise::none, 0));
  }
  while (engine->counts().utterances < streams) usleep(1'000);
  const double megabytes = anonymous_megabytes();
  for (const auto& sink : sinks) sink->on_end(media::EndCause::stop);
  for (const auto& listener : listeners) listener->wait();
  return megabytes;
}

}  // namespace

std::unique_ptr<adapters::EmbeddedTranscriber> make_engine(const std::filesystem::path& scratch, std::size_t decoders) {
  adapters::EmbeddedOptions options;
  options.scratch_dir = scratch;
  options.max_decoders = decoders;
  auto made = adapters::make_embedded_transcriber(options);
  if (!made) throw std::runtime_error(made.error().message);
  return std::move(*made);
}

std::string transcribe(speech::Transcriber& engine, const std::vector<std::string>& phrases, const Samples& audio,
                       media::Format format) {
  const auto listener = std::make_shared<Listener>();
  const auto sink = open(engine, phrases, listener, format);
  play(*sink, audio, format);
  sink->on_end(media::EndCause::stop);
  return listener->wait();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

double megabytes_a_stream(const std::filesystem::path& scratch, std::size_t streams, const Samples& speech) {
  const double one = megabytes_with(scratch, 1, speech);
  return (megabytes_with(scratch, streams, speech) - one) / static_cast<double>(streams - 1);
}

}  // namespace bench

#include "cli/sim_calls.hpp"

#include <trunkline/adapters/sample_call.hpp>
#include <trunkline/base/text.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <future>
#include <iostream>
#include <utility>

namespace trunkline::cli {
namespace {

namespace asio = boost::asio;
using nlohmann::ordered_json;

/// Everything on the worker but run().
class Calls {
 public:
  Calls(net::Worker& worker, const PlaceCall& place, const SimOptions& options, bool as_json, const char* id)
      : worker_(worker), place_(place), options_(options), json_(as_json), id_(id) {
    for (const auto name : text::split(options.fault, ',')) {
      faults_.push_back(sim::parse_fault(name).value_or(sim::Fault::none));
    }
  }

  int run() {
    auto finished = finished_.get_future();
    asio::co_spawn(worker_.context(), place_all(), asio::detached);
    finished.wait();
    if (!json_) std::cout << good_ << " of " << options_.count << " calls went through\n";
    return good_ == options_.count && all_kept_ ? ok : failed;
  }

 private:
  asio::awaitable<void> place_all() {
    const auto began = std::chrono::steady_clock::now();
    asio::steady_timer timer(worker_.context());
    for (std::size_t i = 0; i < options_.count; ++i) {
      timer.expires_at(began + std::chrono::duration_cast<MonoTime::duration>(
                                   std::chrono::duration<double>(static_cast<double>(i) / options_.rate)));
      co_await timer.async_wait(asio::use_awaitable);
      asio::co_spawn(worker_.context(), place(i), asio::detached);
    }
  }

  asio::awaitable<void> place(std::size_t index) {
    const sim::Fault fault = faults_[index % faults_.size()];
    const auto report = co_await place_(fault, options_.seed + index);
    print(fault, report);
    if (report && report->media_error.empty() && report->webhook_error.empty()) ++good_;
    if (report && !options_.keep.empty()) keep(index, *report);
    if (++done_ == options_.count) finished_.set_value();
  }

  void print(sim::Fault fault, const Result<sim::CallReport>& report) const {
    if (json_) {
      std::cout << (report ? as_json(fault, *report)
                           : ordered_json{{"error", report.error().code}, {"message", report.error().message}})
                       .dump()
                << '\n'
                << std::flush;
      return;
    }
    if (!report) {
      std::cout << "failed: " << explain(report.error()) << '\n' << std::flush;
      return;
    }
    std::cout << report->call_id << "  " << report->provider_call_id << "  "
              << (report->rejected ? "rejected"
                                   : std::to_string(report->frames_sent) + " frames sent, " +
                                         std::to_string(report->frames_heard) + " messages heard")
              << (report->media_error.empty() ? "" : ", " + report->media_error)
              << (report->webhook_error.empty() ? "" : ", " + report->webhook_error) << '\n'
              << std::flush;
  }

  ordered_json as_json(sim::Fault fault, const sim::CallReport& report) const {
    return {{id_, report.provider_call_id},
            {"callId", report.call_id},
            {"fault", sim::to_string(fault)},
            {"rejected", report.rejected},
            {"framesSent", report.frames_sent},
            {"framesHeard", report.frames_heard},
            {"marks", report.marks},
            {"clears", report.clears},
            {"mediaError", report.media_error},
            {"webhookError", report.webhook_error}};
  }

  void keep(std::size_t index, const sim::CallReport& report) {
    std::filesystem::path file = options_.keep;
    if (index > 0) {
      file.replace_filename(file.stem().string() + "-" + std::to_string(index + 1) + file.extension().string());
    }
    const auto written = recording::write_wav(file, {1, report.heard_rate, report.heard});
    if (written) return;
    all_kept_ = false;
    std::cerr << "trunkline: " << explain(written.error()) << '\n';
  }

  net::Worker& worker_;
  const PlaceCall& place_;
  const SimOptions& options_;
  const bool json_;
  const char* const id_;
  std::vector<sim::Fault> faults_;
  std::promise<void> finished_;
  std::size_t done_ = 0;
  std::size_t good_ = 0;
  bool all_kept_ = true;
};

std::string list_of(std::span<const std::uint32_t> rates) {
  std::string out;
  for (const std::uint32_t rate : rates) out += (out.empty() ? "" : ", ") + std::to_string(rate / 1'000);
  return out;
}

}  // namespace

int place_calls(net::Worker& worker, const PlaceCall& place, const SimOptions& options, bool as_json, const char* id) {
  return Calls(worker, place, options, as_json, id).run();
}

Result<recording::WavAudio> caller_audio(const SimOptions& options, std::span<const std::uint32_t> rates) {
  if (options.no_media) return recording::WavAudio{};
  if (!options.wav.empty()) return mono_audio(options.wav, rates);
  auto sample = adapters::sample_call();
  if (!sample) return sample.error();
  return recording::WavAudio{1, 8'000, std::move(sample->audio)};
}

Result<recording::WavAudio> mono_audio(const std::filesystem::path& file, std::span<const std::uint32_t> rates) {
  auto audio = recording::read_wav(file);
  if (!audio) return audio.error();
  if (std::ranges::find(rates, audio->sample_rate) == rates.end() || audio->channels != 1) {
    return make_error("wav_unsupported", file.string() + " must be mono and have " + list_of(rates) +
                                             " kHz; convert it, for example with sox in.wav -r 8000 -c 1 out.wav");
  }
  return std::move(*audio);
}

void fill(sim::CallPlan& plan, const SimOptions& options, const config::Settings& settings, recording::WavAudio audio) {
  plan.target = options.target.empty() ? "http://127.0.0.1:" + std::to_string(settings.server.port) : options.target;
  plan.from = options.from;
  plan.to = options.to;
  plan.media = !options.no_media;
  plan.sample_rate = audio.sample_rate;
  plan.audio = std::move(audio.samples);
}

}  // namespace trunkline::cli

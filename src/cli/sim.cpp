#include "cli/commands.hpp"

#include <trunkline/adapters/sample_call.hpp>
#include <trunkline/recording/wav.hpp>
#include <trunkline/sim/twilio_call.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
#include <future>
#include <iostream>
#include <mutex>
#include <utility>

namespace trunkline::cli {
namespace {

namespace asio = boost::asio;
using nlohmann::ordered_json;

// 8 kHz mono, which is what a telephone sends.
Result<std::vector<std::int16_t>> caller_audio(const SimOptions& options) {
  if (options.no_media) return std::vector<std::int16_t>{};
  if (options.wav.empty()) {
    auto sample = adapters::sample_call();
    if (!sample) return sample.error();
    return std::move(sample->audio);
  }
  auto audio = recording::read_wav(options.wav);
  if (!audio) return audio.error();
  if (audio->sample_rate != 8'000 || audio->channels != 1) {
    return make_error("wav_unsupported", options.wav.string() +
                                             " must be 8 kHz mono; convert it, for example with "
                                             "sox in.wav -r 8000 -c 1 out.wav");
  }
  return std::move(audio->samples);
}

/// Places the calls at the given rate and gathers how they went.
class Calls {
 public:
  Calls(sim::TwilioCallPlan plan, const SimOptions& options, bool as_json)
      : plan_(std::move(plan)), options_(options), json_(as_json), ids_(make_ids(system_clock())) {}

  int run() {
    asio::co_spawn(worker_.context(), place_all(), asio::detached);
    auto finished = finished_.get_future();
    worker_.start();
    finished.wait();
    worker_.stop();
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
    sim::TwilioCallPlan plan = plan_;
    plan.seed = index + 1;
    const auto report = co_await sim::place_twilio_call(worker_, std::move(plan), *ids_, system_clock());
    print(report);
    if (report && report->media_error.empty()) ++good_;
    if (report && !options_.keep.empty()) keep(index, *report);
    if (++done_ == options_.count) finished_.set_value();
  }

  void print(const Result<sim::CallReport>& report) const {
    if (!report) {
      if (json_) {
        std::cout << ordered_json{{"error", report.error().code}, {"message", report.error().message}}.dump() << '\n'
                  << std::flush;
      } else {
        std::cout << "failed: " << explain(report.error()) << '\n' << std::flush;
      }
      return;
    }
    if (json_) {
      std::cout << ordered_json{{"callSid", report->provider_call_id},
                                {"callId", report->call_id},
                                {"rejected", report->rejected},
                                {"framesSent", report->frames_sent},
                                {"framesHeard", report->frames_heard},
                                {"marks", report->marks},
                                {"clears", report->clears},
                                {"mediaError", report->media_error}}
                       .dump()
                << '\n'
                << std::flush;
      return;
    }
    std::cout << report->call_id << "  " << report->provider_call_id << "  "
              << (report->rejected ? "rejected"
                                   : std::to_string(report->frames_sent) + " frames sent, " +
                                         std::to_string(report->frames_heard) + " messages heard")
              << (report->media_error.empty() ? "" : ", " + report->media_error) << '\n'
              << std::flush;
  }

  void keep(std::size_t index, const sim::CallReport& report) {
    std::filesystem::path file = options_.keep;
    if (index > 0) {
      file.replace_filename(file.stem().string() + "-" + std::to_string(index + 1) + file.extension().string());
    }
    const auto written = recording::write_wav(file, {1, 8'000, report.heard});
    if (written) return;
    all_kept_ = false;
    std::cerr << "trunkline: " << explain(written.error()) << '\n';
  }

  const sim::TwilioCallPlan plan_;
  const SimOptions& options_;
  const bool json_;
  std::unique_ptr<Ids> ids_;
  net::Worker worker_{0};
  std::promise<void> finished_;
  std::size_t done_ = 0;
  std::size_t good_ = 0;
  bool all_kept_ = true;
};

}  // namespace

int sim_call(const Common& common, const SimOptions& options) {
  const config::Loaded loaded = load_settings(common);
  if (report_problems(loaded)) return configuration;
  const config::Settings& settings = loaded.settings;
  sim::TwilioCallPlan plan;
  plan.target = options.target.empty() ? "http://127.0.0.1:" + std::to_string(settings.server.port) : options.target;
  if (loaded.sources.contains("PUBLIC_URL")) plan.public_url = settings.server.public_url;
  plan.auth_token = !options.token.empty()                ? options.token
                    : settings.twilio.auth_tokens.empty() ? ""
                                                          : settings.twilio.auth_tokens.front();
  if (plan.auth_token.empty()) {
    std::cerr
        << "trunkline: set TWILIO_AUTH_TOKEN or --token to what the gateway has, so that requests can be signed\n";
    return configuration;
  }
  plan.account_sid = settings.twilio.account_sid.empty() ? "AC" + std::string(32, '0') : settings.twilio.account_sid;
  plan.from = options.from;
  plan.to = options.to;
  plan.media = !options.no_media;
  plan.fault = sim::parse_fault(options.fault).value_or(sim::Fault::none);
  auto audio = caller_audio(options);
  if (!audio) {
    std::cerr << "trunkline: " << explain(audio.error()) << '\n';
    return failed;
  }
  plan.audio = std::move(*audio);
  return Calls(std::move(plan), options, common.json).run();
}

}  // namespace trunkline::cli

// streamload load|ramp: plays many calls of Twilio's or Azure's against a server and is the speech service that it
// forwards to.
#include "clock.hpp"
#include "session.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <map>

namespace {

using nlohmann::ordered_json;
using streamload::Options;
using streamload::Protocol;
using streamload::Result;
using streamload::Sessions;

volatile std::sig_atomic_t interrupted = 0;

void on_signal(int /*signal*/) {
  interrupted = 1;
}

struct Ramp {
  double from = 100;
  double to = 8000;
  double grow = 1.25;
  double resolution = 0.06;
};

void allow_many_sockets() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// Looks for the largest number of streams that passes: grows until one does not, then halves the distance.
class Search {
 public:
  Search(Sessions& sessions, Options options, const Ramp& ramp)
      : sessions_(sessions), options_(std::move(options)), ramp_(ramp) {}

  void run() {
    for (double n = ramp_.from; interrupted == 0 && passes(n) && n < ramp_.to;) n = std::min(ramp_.to, n * ramp_.grow);
    for (double n = ramp_.from / 2; interrupted == 0 && good_ == 0 && n >= 1; n /= 2) passes(n);
    while (interrupted == 0 && good_ > 0 && bad_ - good_ > ramp_.resolution * good_) passes((good_ + bad_) / 2);
  }

  std::string report() const {
    const ordered_json out = {{"maxStreams", static_cast<unsigned>(good_)},
                              {"firstFailing", static_cast<unsigned>(bad_)},
                              {"limitedBy", limited_by_},
                              {"atMax", best_}};
    return out.dump();
  }

 private:
  bool passes(double streams) {
    options_.streams = static_cast<unsigned>(streams);
    Result result = probe();
    // A stall of the machine shows as our own lateness: such a failure is looked at again, once.
    if (result.verdict(options_) != "pass" && result.generator_failed() && interrupted == 0) result = probe();
    const bool passed = result.verdict(options_) == "pass";
    if (passed) {
      good_ = streams;
      best_ = ordered_json::parse(to_json(result, options_));
    } else {
      bad_ = streams;
      limited_by_ = result.verdict(options_);
    }
    return passed;
  }
  Result probe() {
    Result result = sessions_.run(options_);
    std::cerr << "  " << to_line(result, options_) << std::endl;
    return result;
  }

  Sessions& sessions_;
  Options options_;
  const Ramp ramp_;
  double good_ = 0;
  double bad_ = 0;
  std::string limited_by_ = "the upper end of the search";
  ordered_json best_;
};

void add_options(CLI::App& app, Options& options, streamload::Webhook& webhook) {
  app.add_option("--port", options.port, "of the server, on 127.0.0.1");
  app.add_option("--protocol", options.protocol, "twilio (mu-law at 8 kHz) or acs (PCM at 16 kHz)")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, Protocol>{{"twilio", Protocol::twilio}, {"acs", Protocol::acs}}));
  app.add_option("--sink-port", options.sink_port, "where the server forwards to");
  app.add_option("--service-port", options.service_port, "where the server asks to answer calls (acs)");
  app.add_option("--path", options.path, "of the media sockets; {i} is the call's number");
  app.add_option("--streams", options.streams, "calls (load)");
  app.add_option("--rate", options.rate, "new calls a second; 0: as fast as the window allows");
  app.add_option("--window", options.window, "calls being set up at once");
  app.add_flag("!--no-media", options.media, "only set calls up and end them");
  app.add_option("--warmup", options.warmup, "seconds");
  app.add_option("--seconds", options.measured, "seconds that are measured");
  app.add_option("--server", options.server, "process id of the server");
  app.add_option("--webhook-url", webhook.public_url, "begin each call with a webhook: the server's public URL");
  app.add_option("--account", webhook.account_sid, "AccountSid of the webhooks (twilio)");
  app.add_option("--secret", webhook.secret, "signs the webhooks (twilio) or comes with the events (acs)");
}

int run(const CLI::App& load, const Options& options, const Ramp& ramp) {
  Sessions sessions(options, interrupted);
  if (!load.parsed()) {
    Search search(sessions, options, ramp);
    search.run();
    std::cout << search.report() << std::endl;
    return 0;
  }
  const Result result = sessions.run(options);
  std::cerr << "  " << to_line(result, options) << std::endl;
  std::cout << to_json(result, options) << std::endl;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Plays many calls against a server on this machine and measures how it relays their audio."};
  Options options;
  streamload::Webhook webhook;
  Ramp ramp;
  unsigned max_seconds = 300;
  app.require_subcommand(1);
  app.add_option("--max-seconds", max_seconds, "gives up after this");
  add_options(app, options, webhook);
  const auto* load = app.add_subcommand("load", "one session; prints JSON")->fallthrough();
  auto* search = app.add_subcommand("ramp", "looks for the largest number of streams that passes")->fallthrough();
  search->add_option("--from", ramp.from);
  search->add_option("--to", ramp.to);
  CLI11_PARSE(app, argc, argv);
  if (!webhook.public_url.empty()) options.webhook = webhook;

  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  prctl(PR_SET_TIMERSLACK, 1);
  allow_many_sockets();
  alarm(max_seconds);  // ends the process, whatever it hangs in
  try {
    return run(*load, options, ramp);
  } catch (const std::exception& error) {
    std::cerr << "streamload: " << error.what() << '\n';
    return 1;
  }
}

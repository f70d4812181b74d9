#include "cli/checks.hpp"
#include "cli/commands.hpp"
#include "cli/demo.hpp"

#include <trunkline/app/app.hpp>
#include <trunkline/observe/log.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <optional>
#include <thread>

namespace trunkline::cli {
namespace {

namespace asio = boost::asio;

constexpr milliseconds drain_check{100};

// Each stream takes a socket or three: the usual soft limit of 1,024 would end at a few hundred calls.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

log::Format format_of(const std::string& name) {
  if (name == "json") return log::Format::json;
  return name == "pretty" ? log::Format::pretty : log::Format::automatic;
}

void set_up_log(const config::Log& settings) {
  log::Options options;
  options.level = log::parse_level(settings.level).value_or(log::Level::info);
  options.format = format_of(settings.format);
  log::set_up(std::move(options));
}

/// Waits for signals: the first SIGTERM or Ctrl-C drains, the second leaves at once, SIGHUP reads certificates anew.
class SignalLoop {
 public:
  SignalLoop(app::App& app, std::chrono::seconds drain_timeout) : app_(app), drain_timeout_(drain_timeout) { wait(); }

  void run() { loop_.run(); }
  /// Ends as by SIGTERM. Any thread.
  void end() {
    asio::post(loop_, [this] { drain(); });
  }

 private:
  void wait() {
    signals_.async_wait([this](boost::system::error_code error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        reload();
      } else if (draining_) {
        log::warn("leaving without waiting", {{"signal", signal}});
        log::flush();
        std::_Exit(failed);
      } else {
        log::info("draining", {{"signal", signal}, {"limitSeconds", drain_timeout_.count()}});
        drain();
      }
      wait();
    });
  }

  void reload() {
    if (stopping_.joinable()) return;
    const auto reloaded = app_.reload();
    if (reloaded) {
      log::info("certificates reloaded");
    } else {
      log::error("certificates not reloaded", {{"reason", reloaded.error().message}});
    }
  }

  void drain() {
    if (std::exchange(draining_, true)) return;
    app_.drain();
    deadline_ = std::chrono::steady_clock::now() + drain_timeout_;
    check();
  }

  void check() {
    if (app_.drained() || std::chrono::steady_clock::now() >= deadline_) return stop();
    timer_.expires_after(drain_check);
    timer_.async_wait([this](boost::system::error_code) { check(); });
  }

  // On a thread of its own: peers that do not answer make it take seconds, in which a second signal must be heard.
  void stop() {
    stopping_ = std::jthread([this] {
      app_.stop();
      loop_.stop();
    });
  }

  app::App& app_;
  std::chrono::seconds drain_timeout_;
  asio::io_context loop_{1};
  asio::signal_set signals_{loop_, SIGINT, SIGTERM, SIGHUP};
  asio::steady_timer timer_{loop_};
  MonoTime deadline_;
  bool draining_ = false;
  std::jthread stopping_;  // last: joined before the loop goes
};

}  // namespace

int serve(const Common& common, const ServeOptions& options) {
  config::Loaded loaded = load_settings(common);
  std::ranges::move(find_problems(loaded), std::back_inserter(loaded.problems));
  if (report_problems(loaded)) return configuration;
  std::optional<DemoProviders> providers;
  if (options.demo) {
    providers.emplace(loaded.settings);
    // The demonstration talks on standard output; the log keeps to what matters.
    if (!loaded.sources.contains("LOG_LEVEL")) loaded.settings.log.level = "warn";
  }
  set_up_log(loaded.settings.log);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is one failed write, not the end of all calls
  raise_file_limit();

  if (providers) {
    if (const auto started = providers->start(); !started) {
      std::cerr << "trunkline: " << explain(started.error()) << '\n';
      return failed;
    }
  }
  auto app = app::App::start(loaded.settings);
  if (!app) {
    log::error("cannot start",
               {{"code", app.error().code}, {"reason", app.error().message}, {"detail", app.error().detail}});
    log::flush();
    std::cerr << "trunkline: " << explain(app.error()) << '\n';
    return failed;
  }
  log::info("listening", {{"host", loaded.settings.server.host},
                          {"port", (*app)->port()},
                          {"publicUrl", loaded.settings.server.public_url},
                          {"version", app::version}});
  SignalLoop signals(**app, loaded.settings.server.drain_timeout);
  std::optional<Demo> demo;
  int code = ok;
  if (options.demo) {
    demo.emplace(**app, providers->acs(), options.demo_once, [&](bool good) {
      if (!options.demo_once) return;
      code = good ? ok : failed;
      signals.end();
    });
  }
  signals.run();
  log::info("stopped");
  return code;
}

}  // namespace trunkline::cli

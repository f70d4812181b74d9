#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace trunkline::observe {

/// A handle to one time series: copy it freely, use it from any thread, no longer than the Metrics it came from.
/// Adding is one atomic operation; a caller on a hot path keeps its handle and adds a batch at a time.
class Counter {
 public:
  explicit Counter(prometheus::Counter& series) : series_(&series) {}
  void add(double amount = 1) const;

 private:
  prometheus::Counter* series_;
};

/// As Counter, for a value that goes up and down.
class Gauge {
 public:
  explicit Gauge(prometheus::Gauge& series) : series_(&series) {}
  void set(double value) const;
  void add(double amount) const;

 private:
  prometheus::Gauge* series_;
};

/// As Counter, for a distribution. Durations are recorded in seconds.
class Histogram {
 public:
  explicit Histogram(prometheus::Histogram& series) : series_(&series) {}
  void observe(double value) const;
  void observe(std::chrono::duration<double> time) const { observe(time.count()); }

 private:
  prometheus::Histogram* series_;
};

/// How late one worker's timers fire: the last value, and the distribution.
struct LoopLag {
  Gauge last;
  Histogram all;
  void observe(std::chrono::duration<double> lag) const {
    last.set(lag.count());
    all.observe(lag);
  }
};

/// Every metric that Trunkline exports: its name, its help and its labels stand in metrics.cpp and nowhere else.
///
/// Label values come from small closed sets: route patterns, not paths; words, never ids or numbers. As a last guard
/// each metric has a limit of label sets; what comes after it is counted under `other`. Any thread.
class Metrics {
 public:
  explicit Metrics(std::string_view version);
  ~Metrics();

  Gauge calls_active(std::string_view provider, std::string_view direction);
  Counter calls(std::string_view provider, std::string_view direction, std::string_view outcome);
  Histogram call_duration();

  Counter webhooks(std::string_view type, std::string_view result);
  Counter reconciled(std::string_view result);  ///< calls that the provider was asked about
  Counter acs_requests(std::string_view operation, std::string_view outcome);  ///< attempts, each for itself
  Counter acs_retries(std::string_view operation);
  Histogram acs_request_duration(std::string_view operation);  ///< of what was sent
  Gauge acs_circuit_open();                                    ///< 1 while Azure is left alone
  Histogram webhook_lag(std::string_view type);                ///< from the provider's timestamp to our answer

  Counter webhook_deliveries(std::string_view result);  ///< attempts to tell others
  Histogram webhook_delivery_duration();
  Gauge webhook_deliveries_kept(std::string_view state);
  Counter event_grid_events(std::string_view result);

  Gauge media_streams_active();
  Counter media_frames(std::string_view track);
  Counter media_frames_late();
  Counter media_gaps();
  Counter media_lost_ms();
  Counter media_messages_ignored(std::string_view reason);
  Histogram relay_delay();  ///< from the frame's arrival to its hand-over to the sinks' sockets
  Gauge sink_queue_bytes(std::string_view sink);
  Counter sink_dropped(std::string_view sink);

  Counter transcript_segments(std::string_view engine);
  Histogram transcript_confidence(std::string_view engine);  ///< 0 to 1
  Counter recordings(std::string_view result);
  Counter recording_fetches(std::string_view outcome);  ///< attempts to fetch, or to remove, what a provider recorded
  Counter recording_fetch_bytes();
  Gauge recording_fetches_waiting();

  Counter http_requests(std::string_view route, std::string_view method, int status);
  Histogram http_request_duration(std::string_view route);
  Gauge connections(std::string_view kind);
  Counter connection_problems(std::string_view kind);
  LoopLag event_loop_lag(std::size_t worker);

  Counter rate_limited(std::string_view limit_class);
  Counter rate_limits_unchecked();
  Counter cache_requests(std::string_view cache, std::string_view level, std::string_view outcome);
  Gauge cache_entries(std::string_view cache);  ///< in this process
  Counter cleanup_runs(std::string_view job, std::string_view result);
  Counter cleanup_rows(std::string_view job);
  Histogram cleanup_duration(std::string_view job);

  Gauge store_queue();
  Gauge live_up();  ///< 1 while what is live can be reached
  Counter live_reconnects();
  Histogram live_command_duration();
  Counter events_dropped();
  Counter log_lines_dropped();

  /// Text exposition format 0.0.4.
  std::string render() const;
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace trunkline::observe

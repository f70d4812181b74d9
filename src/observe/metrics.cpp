#include "observe/labelled.hpp"

#include <trunkline/observe/metrics.hpp>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <functional>
#include <sstream>

namespace trunkline::observe {
namespace {

constexpr std::size_t max_series = 200;
constexpr std::size_t max_http_series = 2000;  // routes x methods x statuses
constexpr std::size_t max_acs_series = 400;    // operations x outcomes

using Buckets = prometheus::Histogram::BucketBoundaries;
const Buckets call_seconds{1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400};
const Buckets lag_seconds{0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300};
const Buckets request_seconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
const Buckets fine_seconds{0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5};
const Buckets ratio{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1};

/// What a metric is called and why it is there.
struct About {
  const char* name;  ///< without the prefix
  const char* help;
};

template <class Builder>
auto& registered(Builder builder, About about, prometheus::Registry& registry) {
  return builder.Name(std::string("trunkline_") + about.name).Help(about.help).Register(registry);
}

class Registrar {
 public:
  explicit Registrar(prometheus::Registry& registry) : registry_(registry) {}

  prometheus::Family<prometheus::Counter>& counters(About about) {
    return registered(prometheus::BuildCounter(), about, registry_);
  }
  prometheus::Family<prometheus::Gauge>& gauges(About about) {
    return registered(prometheus::BuildGauge(), about, registry_);
  }
  prometheus::Family<prometheus::Histogram>& histograms(About about) {
    return registered(prometheus::BuildHistogram(), about, registry_);
  }

  Labelled<prometheus::Counter> counter(About about, std::vector<std::string> names, std::size_t limit = max_series) {
    auto& family = counters(about);
    return {std::move(names), limit,
            [&family](const prometheus::Labels& labels) -> auto& { return family.Add(labels); }};
  }
  Labelled<prometheus::Gauge> gauge(About about, std::vector<std::string> names) {
    auto& family = gauges(about);
    return {std::move(names), max_series,
            [&family](const prometheus::Labels& labels) -> auto& { return family.Add(labels); }};
  }
  Labelled<prometheus::Histogram> histogram(About about, std::vector<std::string> names, const Buckets& buckets) {
    auto& family = histograms(about);
    return {std::move(names), max_series,
            [&family, &buckets](const prometheus::Labels& labels) -> auto& { return family.Add(labels, buckets); }};
  }

 private:
  prometheus::Registry& registry_;
};

}  // namespace

struct Metrics::Families {
  prometheus::Registry registry;
  Registrar make{registry};

  Labelled<prometheus::Gauge> calls_active =
      make.gauge({"calls_active", "Calls that have not ended."}, {"provider", "direction"});
  Labelled<prometheus::Counter> calls =
      make.counter({"calls_total", "Calls that have ended."}, {"provider", "direction", "outcome"});
  prometheus::Histogram& call_duration =
      make.histograms({"call_duration_seconds", "From answer to end of a call."}).Add({}, call_seconds);

  Labelled<prometheus::Counter> webhooks =
      make.counter({"webhooks_total", "Webhooks that came in."}, {"type", "result"});
  Labelled<prometheus::Histogram> webhook_lag =
      make.histogram({"webhook_lag_seconds", "From a webhook's own timestamp to its answer."}, {"type"}, lag_seconds);

  Labelled<prometheus::Counter> webhook_deliveries =
      make.counter({"webhook_deliveries_total", "Webhooks that went out, by what came of it."}, {"result"});
  prometheus::Histogram& webhook_delivery_duration =
      make.histograms({"webhook_delivery_seconds", "From a webhook's going out to its answer."})
          .Add({}, request_seconds);
  Labelled<prometheus::Gauge> webhook_deliveries_kept = make.gauge(
      {"webhook_deliveries", "Webhook deliveries in the store, of all nodes: still pending, or given up."}, {"state"});

  Labelled<prometheus::Counter> event_grid_events =
      make.counter({"event_grid_events_total", "Events sent to Azure Event Grid, by what came of it."}, {"result"});
  Labelled<prometheus::Counter> reconciled =
      make.counter({"reconciled_total", "Calls that the provider was asked about, by what came of it."}, {"result"});
  Labelled<prometheus::Counter> acs_requests =
      make.counter({"acs_requests_total", "Requests to Azure Communication Services, each attempt by what came of it."},
                   {"operation", "outcome"}, max_acs_series);
  Labelled<prometheus::Counter> acs_retries = make.counter(
      {"acs_retries_total", "Requests to Azure Communication Services that were sent again."}, {"operation"});
  Labelled<prometheus::Histogram> acs_request_duration =
      make.histogram({"acs_request_duration_seconds", "From a request to Azure Communication Services to its answer."},
                     {"operation"}, request_seconds);
  prometheus::Gauge& acs_circuit_open =
      make.gauges({"acs_circuit_open", "1 while Azure Communication Services is left alone because it failed."})
          .Add({});

  prometheus::Gauge& media_streams_active =
      make.gauges({"media_streams_active", "Media streams that are running."}).Add({});
  Labelled<prometheus::Counter> media_frames =
      make.counter({"media_frames_total", "Media frames received or sent."}, {"track"});
  prometheus::Counter& media_frames_late =
      make.counters({"media_frames_late_total", "Frames that came after their place was filled."}).Add({});
  prometheus::Counter& media_gaps = make.counters({"media_gaps_total", "Gaps in the audio of a track."}).Add({});
  prometheus::Counter& media_lost_ms =
      make.counters({"media_lost_ms_total", "Audio that was not there in time, in milliseconds."}).Add({});
  Labelled<prometheus::Counter> media_messages_ignored =
      make.counter({"media_messages_ignored_total", "Messages on media sockets that had no effect."}, {"reason"});
  prometheus::Histogram& relay_delay =
      make.histograms({"relay_delay_seconds", "From a frame's arrival to its hand-over to the sinks' sockets."})
          .Add({}, fine_seconds);
  Labelled<prometheus::Gauge> sink_queue_bytes =
      make.gauge({"sink_queue_bytes", "Audio that waits in the sinks' queues."}, {"sink"});
  Labelled<prometheus::Counter> sink_dropped =
      make.counter({"sink_dropped_total", "Frames that sinks had to drop."}, {"sink"});

  Labelled<prometheus::Counter> transcript_segments =
      make.counter({"transcript_segments_total", "Final transcript segments."}, {"engine"});
  Labelled<prometheus::Histogram> transcript_confidence =
      make.histogram({"transcript_confidence", "Confidence of final segments, 0 to 1."}, {"engine"}, ratio);
  Labelled<prometheus::Counter> recordings = make.counter({"recordings_total", "Recordings finished."}, {"result"});
  Labelled<prometheus::Counter> recording_fetches = make.counter(
      {"recording_fetches_total", "Attempts to fetch recordings that a provider made, or to remove them there."},
      {"outcome"});
  prometheus::Counter& recording_fetch_bytes =
      make.counters({"recording_fetch_bytes_total", "Bytes of recordings that came from providers."}).Add({});
  prometheus::Gauge& recording_fetches_waiting =
      make.gauges({"recording_fetches_waiting", "Recordings that are to be fetched from providers, or removed there."})
          .Add({});

  Labelled<prometheus::Counter> http_requests =
      make.counter({"http_requests_total", "HTTP requests answered."}, {"route", "method", "status"}, max_http_series);
  Labelled<prometheus::Histogram> http_request_duration = make.histogram(
      {"http_request_duration_seconds", "From a whole request to its answer."}, {"route"}, request_seconds);
  Labelled<prometheus::Gauge> connections = make.gauge({"connections", "Open connections."}, {"kind"});
  Labelled<prometheus::Counter> connection_problems = make.counter(
      {"connection_problems_total", "Connections that were refused, timed out, malformed or could not be accepted."},
      {"kind"});
  Labelled<prometheus::Gauge> loop_lag =
      make.gauge({"event_loop_lag_seconds", "How late the worker's last timer fired."}, {"worker"});
  Labelled<prometheus::Histogram> loop_lags =
      make.histogram({"event_loop_delay_seconds", "How late the worker's timers fire."}, {"worker"}, fine_seconds);

  Labelled<prometheus::Counter> rate_limited =
      make.counter({"rate_limited_total", "Requests that a rate limit refused."}, {"class"});
  prometheus::Counter& rate_limits_unchecked =
      make.counters({"rate_limits_unchecked_total", "Requests that passed because the live store was away."}).Add({});
  Labelled<prometheus::Counter> cache_requests =
      make.counter({"cache_requests_total", "What a cache was asked for: in this process (l1), in Redis (l2)."},
                   {"cache", "level", "outcome"});
  Labelled<prometheus::Gauge> cache_entries =
      make.gauge({"cache_entries", "What a cache of this process holds."}, {"cache"});
  Labelled<prometheus::Counter> cleanup_runs =
      make.counter({"cleanup_runs_total", "Times that something over was looked for."}, {"job", "result"});
  Labelled<prometheus::Counter> cleanup_rows =
      make.counter({"cleanup_rows_total", "What was removed or put right because it was over."}, {"job"});
  Labelled<prometheus::Histogram> cleanup_duration =
      make.histogram({"cleanup_duration_seconds", "From a cleanup job's start to its end."}, {"job"}, lag_seconds);

  prometheus::Gauge& store_queue = make.gauges({"store_queue", "Transactions that wait for the database."}).Add({});
  prometheus::Gauge& live_up = make.gauges({"live_up", "1 while the live state (Redis) can be reached."}).Add({});
  prometheus::Counter& live_reconnects =
      make.counters({"live_reconnects_total", "Connections to Redis that were made after one was lost."}).Add({});
  prometheus::Histogram& live_command_duration =
      make.histograms({"live_command_duration_seconds", "From a command for Redis to its answer."})
          .Add({}, fine_seconds);
  prometheus::Counter& events_dropped =
      make.counters({"events_dropped_total", "Call events that were lost because they could not be stored."}).Add({});
  prometheus::Counter& log_lines_dropped =
      make.counters({"log_lines_dropped_total", "Log lines that standard error did not take."}).Add({});
};

Metrics::Metrics(std::string_view version) : families_(std::make_unique<Families>()) {
  families_->make.gauges({"build_info", "Always 1; the version is in the label."})
      .Add({{"version", std::string(version)}})
      .Set(1);
}

Metrics::~Metrics() = default;

void Counter::add(double amount) const {
  series_->Increment(amount);
}
void Gauge::set(double value) const {
  series_->Set(value);
}
void Gauge::add(double amount) const {
  series_->Increment(amount);
}
void Histogram::observe(double value) const {
  series_->Observe(value);
}

Gauge Metrics::calls_active(std::string_view provider, std::string_view direction) {
  return Gauge(families_->calls_active.at({provider, direction}));
}
Counter Metrics::calls(std::string_view provider, std::string_view direction, std::string_view outcome) {
  return Counter(families_->calls.at({provider, direction, outcome}));
}
Histogram Metrics::call_duration() {
  return Histogram(families_->call_duration);
}

Counter Metrics::webhooks(std::string_view type, std::string_view result) {
  return Counter(families_->webhooks.at({type, result}));
}
Counter Metrics::reconciled(std::string_view result) {
  return Counter(families_->reconciled.at({result}));
}
Counter Metrics::acs_requests(std::string_view operation, std::string_view outcome) {
  return Counter(families_->acs_requests.at({operation, outcome}));
}
Counter Metrics::acs_retries(std::string_view operation) {
  return Counter(families_->acs_retries.at({operation}));
}
Histogram Metrics::acs_request_duration(std::string_view operation) {
  return Histogram(families_->acs_request_duration.at({operation}));
}
Gauge Metrics::acs_circuit_open() {
  return Gauge(families_->acs_circuit_open);
}
Histogram Metrics::webhook_lag(std::string_view type) {
  return Histogram(families_->webhook_lag.at({type}));
}

Counter Metrics::webhook_deliveries(std::string_view result) {
  return Counter(families_->webhook_deliveries.at({result}));
}
Histogram Metrics::webhook_delivery_duration() {
  return Histogram(families_->webhook_delivery_duration);
}
Gauge Metrics::webhook_deliveries_kept(std::string_view state) {
  return Gauge(families_->webhook_deliveries_kept.at({state}));
}

Counter Metrics::event_grid_events(std::string_view result) {
  return Counter(families_->event_grid_events.at({result}));
}

Gauge Metrics::media_streams_active() {
  return Gauge(families_->media_streams_active);
}
Counter Metrics::media_frames(std::string_view track) {
  return Counter(families_->media_frames.at({track}));
}
Counter Metrics::media_frames_late() {
  return Counter(families_->media_frames_late);
}
Counter Metrics::media_gaps() {
  return Counter(families_->media_gaps);
}
Counter Metrics::media_lost_ms() {
  return Counter(families_->media_lost_ms);
}
Counter Metrics::media_messages_ignored(std::string_view reason) {
  return Counter(families_->media_messages_ignored.at({reason}));
}
Histogram Metrics::relay_delay() {
  return Histogram(families_->relay_delay);
}
Gauge Metrics::sink_queue_bytes(std::string_view sink) {
  return Gauge(families_->sink_queue_bytes.at({sink}));
}
Counter Metrics::sink_dropped(std::string_view sink) {
  return Counter(families_->sink_dropped.at({sink}));
}

Counter Metrics::transcript_segments(std::string_view engine) {
  return Counter(families_->transcript_segments.at({engine}));
}
Histogram Metrics::transcript_confidence(std::string_view engine) {
  return Histogram(families_->transcript_confidence.at({engine}));
}
Counter Metrics::recordings(std::string_view result) {
  return Counter(families_->recordings.at({result}));
}

Counter Metrics::recording_fetches(std::string_view outcome) {
  return Counter(families_->recording_fetches.at({outcome}));
}
Counter Metrics::recording_fetch_bytes() {
  return Counter(families_->recording_fetch_bytes);
}
Gauge Metrics::recording_fetches_waiting() {
  return Gauge(families_->recording_fetches_waiting);
}

Counter Metrics::http_requests(std::string_view route, std::string_view method, int status) {
  return Counter(families_->http_requests.at({route, method, std::to_string(status)}));
}
Histogram Metrics::http_request_duration(std::string_view route) {
  return Histogram(families_->http_request_duration.at({route}));
}
Counter Metrics::connection_problems(std::string_view kind) {
  return Counter(families_->connection_problems.at({kind}));
}

Gauge Metrics::connections(std::string_view kind) {
  return Gauge(families_->connections.at({kind}));
}
LoopLag Metrics::event_loop_lag(std::size_t worker) {
  const std::string name = std::to_string(worker);
  return {Gauge(families_->loop_lag.at({name})), Histogram(families_->loop_lags.at({name}))};
}

Counter Metrics::rate_limited(std::string_view limit_class) {
  return Counter(families_->rate_limited.at({limit_class}));
}
Counter Metrics::rate_limits_unchecked() {
  return Counter(families_->rate_limits_unchecked);
}

Counter Metrics::cache_requests(std::string_view cache, std::string_view level, std::string_view outcome) {
  return Counter(families_->cache_requests.at({cache, level, outcome}));
}
Gauge Metrics::cache_entries(std::string_view cache) {
  return Gauge(families_->cache_entries.at({cache}));
}
Counter Metrics::cleanup_runs(std::string_view job, std::string_view result) {
  return Counter(families_->cleanup_runs.at({job, result}));
}
Counter Metrics::cleanup_rows(std::string_view job) {
  return Counter(families_->cleanup_rows.at({job}));
}
Histogram Metrics::cleanup_duration(std::string_view job) {
  return Histogram(families_->cleanup_duration.at({job}));
}
Gauge Metrics::store_queue() {
  return Gauge(families_->store_queue);
}
Gauge Metrics::live_up() {
  return Gauge(families_->live_up);
}
Counter Metrics::live_reconnects() {
  return Counter(families_->live_reconnects);
}
Histogram Metrics::live_command_duration() {
  return Histogram(families_->live_command_duration);
}
Counter Metrics::events_dropped() {
  return Counter(families_->events_dropped);
}
Counter Metrics::log_lines_dropped() {
  return Counter(families_->log_lines_dropped);
}

std::string Metrics::render() const {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families_->registry.Collect());
  return std::move(out).str();
}

}  // namespace trunkline::observe

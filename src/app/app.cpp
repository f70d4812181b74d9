#include "app/call_metrics.hpp"
#include "app/cleanup.hpp"
#include "app/deepgram_link.hpp"
#include "app/live_calls.hpp"
#include "app/membership.hpp"
#include "app/node_identity.hpp"
#include "app/recording_fetcher.hpp"
#include "app/recovery.hpp"
#include "app/session_sinks.hpp"
#include "app/upkeep.hpp"

#include <trunkline/adapters/embedded_transcriber.hpp>
#include <trunkline/adapters/flite_synthesizer.hpp>
#include <trunkline/app/app.hpp>
#include <trunkline/app/database.hpp>
#include <trunkline/app/live_state.hpp>
#include <trunkline/auth/authenticator.hpp>
#include <trunkline/calls/shown_calls.hpp>
#include <trunkline/events/event_grid.hpp>
#include <trunkline/events/webhook_sender.hpp>
#include <trunkline/net/server.hpp>
#include <trunkline/observe/log.hpp>
#include <trunkline/providers/acs/adapter.hpp>
#include <trunkline/providers/twilio/adapter.hpp>
#include <trunkline/store/migrations.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <unistd.h>

#include <array>
#include <filesystem>
#include <future>
#include <optional>
#include <thread>
#include <utility>

namespace trunkline::app {
namespace {

constexpr std::size_t writer_threads = 2;
constexpr milliseconds writer_gather{25};  // how long a block may wait for others, on its way to the disk
constexpr std::size_t finisher_threads = 2;
constexpr std::size_t file_threads = 2;
constexpr std::size_t pool_queue = 10'000;
constexpr milliseconds finishing_limit{10'000};
constexpr milliseconds closing_limit{2'000};
constexpr milliseconds webhooks_limit{5'000};
constexpr milliseconds poll{20};

Result<std::unique_ptr<store::Database>> open_store(const config::Settings& settings) {
  auto database = open_database(settings);
  if (!database) return database.error();
  const auto migrations = store::migrations_for(**database);
  if (!settings.database.migrate) {
    if (auto known = store::require_schema(**database, migrations); !known) return known.error();
    return database;
  }
  const auto report = store::migrate(**database, migrations);
  if (!report) return report.error();
  for (const auto& name : report->applied) log::info("schema migrated", {{"migration", name}});
  return database;
}

// Without its model the gateway serves all the same; who asks for the embedded engine is told.
std::unique_ptr<adapters::EmbeddedTranscriber> open_embedded(const config::Settings& settings) {
  auto engine = adapters::make_embedded_transcriber({.model_dir = settings.speech.model_dir,
                                                     .scratch_dir = settings.data_dir / "speech",
                                                     .max_decoders = settings.speech.max_decoders});
  if (engine) return std::move(*engine);
  log::warn("the embedded speech engine is not available", {{"reason", engine.error().message}});
  return nullptr;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : "unknown";
}

// Nodes that share a database and nothing else do not hear of each other's changes.
calls::CallCache::Limits cache_limits(const config::Settings& settings) {
  const bool told = settings.redis.used() || settings.database.url.empty();
  return {told ? settings.cache.calls : 0, settings.cache.ttl};
}

net::AddressPolicy webhook_policy_of(const config::Settings& settings) {
  return net::AddressPolicy::allowing(settings.webhooks.allowed_networks).value();  // checked when they were read
}

// SQLite is nearer than Redis, and has one node.
bool shows_snapshots(const config::Settings& settings) {
  return settings.redis.used() && !settings.database.url.empty() && settings.cache.calls > 0;
}

std::unique_ptr<providers::Adapter> acs_adapter(const config::Acs& settings, const providers::Services& services,
                                                Ids& ids) {
  return providers::acs::make_adapter(settings, services, ids).value();  // checked when they were read
}

calls::Providers commanded(const std::vector<providers::Adapter*>& adapters) {
  calls::Providers all;
  for (providers::Adapter* adapter : adapters) all.add(adapter->provider());
  return all;
}

std::vector<recording::FileSource*> file_sources(const std::vector<providers::Adapter*>& adapters) {
  std::vector<recording::FileSource*> all;
  for (providers::Adapter* adapter : adapters) {
    if (recording::FileSource* source = adapter->recordings()) all.push_back(source);
  }
  return all;
}

template <class Done>
void wait_until(milliseconds limit, Done done) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!done() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(poll);
}

}  // namespace

/// The members stand in the order in which they need each other; they go in the reverse order, after the workers have
/// been stopped.
class App::Impl {
 public:
  Impl(config::Settings given, NodeIdentity who, std::unique_ptr<store::Database> opened,
       const std::optional<store::RedisOptions>& redis, auth::Authenticator keys,
       std::unique_ptr<speech::Synthesizer> voice)
      : settings(std::move(given)),
        identity(std::move(who)),
        ids(make_ids(clock)),
        metrics(version),
        workers(settings.server.workers),
        health({.version = std::string(version)}, workers.size(), clock),
        database(std::move(opened)),
        live(open_live(redis, workers.at(0).context(), metrics, clock)),
        routing(settings.routes),
        nodes(*database, clock, {identity.id(), host_name(), std::string(version)}),
        calls(*database, routing, clock, *ids, identity.id()),
        shown_calls({calls, *live, metrics, clock, cache_limits(settings), shows_snapshots(settings)}),
        library(*database, settings.recording.dir),
        streams(settings.calls.max_streams),
        commands(streams, *live, workers.at(0).context(), *ids, identity.id()),
        authenticator(std::move(keys)),
        idempotent(*database, clock, *ids, settings.api.idempotency_retention),
        webhook_figures(clock),
        limits(*live, settings.limits, metrics, clock),
        hub(calls, *live, workers.at(0)),
        webhook_policy(webhook_policy_of(settings)),
        webhooks(*database, webhook_policy, clock, *ids),
        webhook_sender({calls, *database, webhooks, workers.at(workers.size() - 1), metrics, settings.webhooks, clock,
                        *ids, identity.id()}),
        event_grid(
            {calls, *database, workers.at(workers.size() - 1), metrics, settings.event_grid, clock, identity.id()}),
        call_metrics(metrics),
        live_calls({*live, calls, streams, commands, workers.at(0).context(), clock, identity.id(),
                    shows_snapshots(settings) ? milliseconds(settings.cache.ttl) : milliseconds{0}}),
        synthesizer(std::move(voice)),
        embedded(open_embedded(settings)),
        deepgram_link(workers),
        deepgram(make_deepgram(settings.deepgram, deepgram_link, clock)),
        sinks({calls, library, hub, metrics, recorder_pools, workers, *ids, clock, deepgram.get(), embedded.get()}),
        for_providers{settings.server, settings.calls, {calls, sinks, *synthesizer, streams, metrics, clock},
                      commands,        health,         limits},
        twilio(providers::twilio::make_adapter(settings.twilio, for_providers)),
        acs(acs_adapter(settings.acs, for_providers, *ids)),
        all_providers(commanded({twilio.get(), acs.get()})),
        fetcher({calls, library, *database, file_sources({twilio.get(), acs.get()}), workers.at(workers.size() - 1),
                 files, metrics, settings.recording, clock, identity.id()}),
        api(api::make_api({settings,
                           calls,
                           shown_calls,
                           all_providers,
                           library,
                           *database,
                           streams,
                           commands,
                           hub,
                           authenticator,
                           metrics,
                           health,
                           clock,
                           idempotent,
                           limits,
                           webhook_figures,
                           webhooks,
                           {twilio.get(), acs.get()}})),
        server(workers, *api, settings.server, *ids, files),
        recovery{calls, library, finishers, clock},
        membership({nodes, calls, streams, recovery, clock, settings.node.timeout, settings.recording.shared}),
        cleanup({settings, calls, library, *database, files, metrics, idempotent, clock, identity.id()}),
        upkeep({settings, calls, *database, *live, streams, commands, metrics, call_metrics, live_calls, shown_calls,
                authenticator, health, server, workers, all_providers, membership, cleanup, clock}) {}

  ~Impl() { stop(); }

  Result<> start() {
    calls.observe(shown_calls);  // first: who is told by the others may look at once
    calls.observe(hub);
    calls.observe(call_metrics);
    calls.observe(live_calls);
    calls.observe(fetcher);
    calls.on_seen([this](const std::string& id, std::int64_t come_to) { shown_calls.hear(id, come_to); });
    shown_calls.on_read([this](const calls::Call& call, WallTime read_at) { live_calls.show(call, read_at); });
    authenticator.count_in(metrics);
    hub.on_news([this] { webhook_sender.wake(); });
    if (!settings.event_grid.endpoint.empty()) hub.on_news([this] { event_grid.wake(); });
    if (auto listening = server.listen(); !listening) return listening;
    if (auto counted = call_metrics.seed(*database); !counted) return counted;
    if (auto recovered = recovery.begin(identity.id(), workers.at(0)); !recovered) return recovered;
    shown_calls.start();
    hub.start();
    webhook_sender.start();
    if (!settings.event_grid.endpoint.empty()) event_grid.start();
    fetcher.start();
    upkeep.start();
    workers.start();
    running = true;
    return {};
  }

  void stop() {
    if (std::exchange(stopped, true)) return;
    fetcher.stop();
    wait_until(finishing_limit, [this] {
      // Again and again: a stream whose token is being checked is not among them yet.
      streams.post_all([](media::LiveStream& stream) { stream.end(media::EndCause::shutdown); });
      return streams.size() == 0 && sinks.unfinished() == 0;
    });
    server.close_all();
    wait_until(closing_limit, [this] { return server.counters().connections == 0; });
    wait_until(closing_limit, [this] { return !running || fetcher.idle(); });
    // Whoever waits for the disk or the database gets an answer while the loops still turn, and what is answered after
    // that runs here: nothing is left that would refer to what is gone.
    writers.stop();
    finishers.stop();
    files.stop();
    wait_until(closing_limit, [this] { return sinks.unfinished() == 0; });
    if (sinks.unfinished() > 0) log::warn("stopping with unfinished sinks", {{"sinks", sinks.unfinished()}});
    webhook_sender.stop();
    event_grid.stop();
    wait_until(webhooks_limit, [this] { return webhook_sender.idle() && event_grid.idle(); });
    calls.stop();
    leave();
    database->stop();
    live->stop();  // after what is stored, which others are told of
    workers.stop();
    embedded.reset();
    workers.run_ready();
  }

  // Nobody need look after what this node did: it has ended it.
  void leave() {
    if (!running) return;
    auto left = asio::co_spawn(workers.at(0).context(), nodes.leave(), asio::use_future);
    if (left.wait_for(closing_limit) != std::future_status::ready)
      log::warn("the other nodes could not be told of the end");
  }

  const Clock& clock = system_clock();
  const config::Settings settings;
  const NodeIdentity identity;
  std::unique_ptr<Ids> ids;
  observe::Metrics metrics;
  ThreadPool writers{"recorder", writer_threads, pool_queue, writer_gather};
  ThreadPool finishers{"finisher", finisher_threads, pool_queue};
  const recording::RecorderPools recorder_pools{writers, finishers};
  ThreadPool files{"files", file_threads, pool_queue};
  net::Workers workers;
  observe::Health health;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<store::LiveStore> live;
  calls::Routing routing;
  store::Nodes nodes;
  calls::CallService calls;
  calls::ShownCalls shown_calls;
  recording::Library library;
  media::ActiveStreams streams;
  media::StreamCommands commands;
  auth::Authenticator authenticator;
  api::IdempotentRequests idempotent;
  observe::WebhookFigures webhook_figures;
  api::RateLimits limits;
  events::EventHub hub;
  net::AddressPolicy webhook_policy;
  events::webhooks::Registry webhooks;
  events::webhooks::Sender webhook_sender;
  events::EventGridPublisher event_grid;
  CallMetrics call_metrics;
  LiveCalls live_calls;
  std::unique_ptr<speech::Synthesizer> synthesizer;
  std::unique_ptr<adapters::EmbeddedTranscriber> embedded;
  DeepgramLink deepgram_link;
  std::unique_ptr<speech::Transcriber> deepgram;
  SessionSinks sinks;
  const providers::Services for_providers;
  std::unique_ptr<providers::Adapter> twilio;
  std::unique_ptr<providers::Adapter> acs;
  const calls::Providers all_providers;
  RecordingFetcher fetcher;
  std::unique_ptr<api::Api> api;
  net::Server server;
  Recovery recovery;
  Membership membership;
  Cleanup cleanup;
  Upkeep upkeep;
  bool running = false;
  bool stopped = false;
};

App::App(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

App::~App() {
  stop();
}

Result<std::unique_ptr<App>> App::start(config::Settings settings) {
  if (settings.recording.dir.empty()) settings.recording.dir = settings.data_dir / "recordings";
  const auto ids = make_ids(system_clock());
  auto identity = NodeIdentity::take(settings.data_dir, *ids);
  if (!identity) return identity.error();
  std::optional<store::RedisOptions> redis;
  if (settings.redis.used()) {
    auto options = redis_options(settings.redis);
    if (!options) return options.error();
    redis = std::move(*options);
  }
  auto database = open_store(settings);
  if (!database) return database.error();
  auto keys = auth::make_authenticator(settings.security, settings.data_dir, *ids, system_clock());
  if (!keys) return keys.error();
  auto voice = adapters::make_flite_synthesizer({.voice = settings.speech.voice});
  if (!voice) return voice.error();
  auto impl = std::make_unique<Impl>(std::move(settings), std::move(*identity), std::move(*database), redis,
                                     std::move(*keys), std::move(*voice));
  if (auto started = impl->start(); !started) return started.error();
  return std::unique_ptr<App>(new App(std::move(impl)));
}

std::uint16_t App::port() const {
  return impl_->server.port();
}

const config::Settings& App::settings() const {
  return impl_->settings;
}

std::vector<api::RouteInfo> App::routes() const {
  return impl_->api->routes();
}

Result<> App::reload() {
  return impl_->server.reload_tls();
}

void App::drain() {
  impl_->health.drain();
  impl_->server.stop_keep_alive();
}

bool App::drained() const {
  auto& streams = impl_->streams;
  return streams.size() == 0 && streams.expected(impl_->clock.mono()) == 0 && impl_->sinks.unfinished() == 0;
}

void App::stop() {
  impl_->stop();
}

}  // namespace trunkline::app

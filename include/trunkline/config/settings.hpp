#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace trunkline::config {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Database {
  std::string url;  ///< postgres:// or postgresql://; empty: SQLite in the data folder, and the rest is idle
  std::size_t connections = 16;
  milliseconds wait_limit{5'000};  ///< for a connection that is free and works
  milliseconds connect_timeout{3'000};
  milliseconds statement_timeout{5'000};
  milliseconds lock_timeout{3'000};
  bool migrate = true;  ///< at start
};

struct Node {
  seconds timeout{15};  ///< a node that gives no sign of life for so long is gone
};

struct Redis {
  std::string url;   ///< redis:// or rediss://; before host, port, password and db
  std::string host;  ///< empty, and neither url nor sentinels: what is live is kept in process
  std::uint16_t port = 6379;
  std::string password;
  std::size_t db = 0;
  std::vector<std::string> sentinels;  ///< host:port; who is asked where the master is
  std::string sentinel_master;
  std::string sentinel_user;  ///< the servers' user and password are not theirs
  std::string sentinel_password;
  std::filesystem::path ca_file;
  std::string prefix = "trunkline:";
  milliseconds timeout{1'000};  ///< a command

  bool used() const { return !url.empty() || !host.empty() || !sentinels.empty(); }
};

struct Server {
  std::string host = "0.0.0.0";
  std::uint16_t port = 8080;
  std::string public_url;   ///< origin and prefix that providers call, without trailing slash
  std::size_t workers = 0;  ///< 0: one per core
  std::filesystem::path tls_certificate;
  std::filesystem::path tls_key;
  std::size_t max_header_bytes = 16 * 1024;
  std::size_t max_body_bytes = 1024 * 1024;
  milliseconds header_timeout{10'000};
  milliseconds idle_timeout{60'000};
  std::size_t max_connections = 20'000;
  std::size_t max_connections_per_address = 4'096;
  std::vector<std::string> trusted_proxies;    ///< addresses and CIDR blocks
  std::size_t max_message_bytes = 256 * 1024;  ///< of a WebSocket message
  std::vector<std::string> cors_origins;
  bool security_headers = true;
  seconds drain_timeout{30};
};

struct Log {
  std::string level = "info";
  std::string format = "auto";  ///< auto (pretty on a terminal), json, pretty
};

enum class MetricsAccess { loopback, token, open };

struct Security {
  std::string jwt_secret;
  std::filesystem::path jwt_public_key;  ///< PEM, for RS256 or ES256
  std::filesystem::path jwt_jwks;
  std::string jwt_issuer;    ///< required value of `iss` when set
  std::string jwt_audience;  ///< required value of `aud` when set
  MetricsAccess metrics_access = MetricsAccess::loopback;
};

struct Twilio {
  std::string account_sid;
  std::vector<std::string> auth_tokens;  ///< the first signs our own requests; all are accepted
  std::string api_url = "https://api.twilio.com";
};

struct Deepgram {
  std::string api_key;
  std::string url = "wss://api.deepgram.com";
  std::string model = "nova-3";
};

struct Speech {
  std::filesystem::path model_dir = "/usr/share/pocketsphinx/model/en-us";
  std::size_t max_decoders = 8;  ///< embedded decoders running at once
  std::string voice = "slt";
};

struct Recording {
  std::filesystem::path dir;        ///< default DATA_DIR/recordings
  bool shared = false;              ///< all nodes have the same folder
  std::size_t fetch_attempts = 24;  ///< of what a provider recorded
  seconds fetch_retry{5};           ///< before the second; doubles up to an hour
};

struct Calls {
  std::size_t max_streams = 5'000;
  seconds ringing_timeout{120};
  seconds connecting_timeout{60};
  seconds connected_timeout{300};  ///< connected, but neither media nor a callback for this long
  seconds max_duration{14'400};
  seconds reaper_interval{5};
  milliseconds media_idle_timeout{10'000};
  seconds inbox_retention{7 * 86'400};
  seconds reconcile_interval{60};  ///< 0: the provider is never asked
  seconds reconcile_after{60};     ///< how long a call is quiet before the provider is asked about it
};

struct Api {
  hours idempotency_retention{24};  ///< how long the answer to an Idempotency-Key is given again
};

/// Calls that are shown as they were a moment ago.
struct Cache {
  std::size_t calls = 10'000;  ///< 0: none
  seconds ttl{5};
};

/// Requests a minute; 0 is no limit.
struct Limits {
  std::size_t api_read_per_minute = 60'000;  ///< of a token's subject
  std::size_t api_write_per_minute = 6'000;
  std::size_t webhook_per_minute = 0;  ///< of an address
  std::size_t upgrade_per_minute = 6'000;
  std::size_t unproven_per_minute = 60;  ///< of an address, and only what proved nothing
  std::size_t phone_per_minute = 0;      ///< new calls of a calling number
};

struct Webhooks {
  std::vector<std::string> allowed_networks;  ///< in CIDR form
  milliseconds timeout{15'000};               ///< for the whole exchange
  std::size_t concurrency = 64;
  std::size_t retention_days = 14;
};

struct EventGrid {
  std::string endpoint;  ///< of an Azure Event Grid topic or domain; empty: nothing is published
  std::string access_key;
  std::string topic_name;
};

/// Azure Communication Services. What it sends us is proven by tokens or secrets, see providers/acs/proof.hpp.
struct Acs {
  std::string connection_string;  ///< endpoint=...;accesskey=...; before `endpoint`
  std::string endpoint;           ///< asked as a managed identity
  std::string resource_id;        ///< immutable: the audience of the tokens that callbacks and media sockets carry
  std::string client_id;          ///< of a user-assigned identity; empty: the machine's own
  std::string api_version = "2025-05-15";

  std::vector<std::string> webhook_secrets;  ///< all are accepted
  std::string callback_jwks_url = "https://acscallautomation.communication.azure.com/calling/keys";
  std::string callback_issuer = "https://acscallautomation.communication.azure.com";

  std::vector<std::string> event_grid_secrets;  ///< all are accepted
  std::string event_grid_secret_header = "X-Event-Grid-Secret";
  std::string event_grid_audience;  ///< our application's id; with `event_grid_tenant`
  std::string event_grid_tenant;
  std::string event_grid_jwks_url;                    ///< default: that of the tenant
  std::vector<std::string> event_grid_subscriptions;  ///< which may be validated, in any case; empty: all

  std::string cognitive_services_endpoint;
  std::size_t media_sample_rate = 16'000;  ///< or 24'000
  std::string media_channels = "mixed";    ///< or `unmixed`
  bool media_require_jwt = true;
  bool transcription = false;            ///< ask for the service's own
  std::vector<std::string> own_numbers;  ///< calls from these are our own, on their way round

  bool fetch_recordings = true;              ///< those that the service makes
  std::vector<std::string> recording_hosts;  ///< where they may lie beside Microsoft's own
  std::size_t max_recording_mb = 4'096;      ///< of one file
  bool delete_fetched_recordings = false;    ///< there, once they are here

  seconds health_interval{60};         ///< between checks whether the service is there
  milliseconds handling_time{10'000};  ///< in which the handling of an event that fails is tried again; 0: once

  bool used() const { return !connection_string.empty() || !endpoint.empty(); }
  bool unmixed() const { return media_channels == "unmixed"; }
};

/// How long what is over is kept. Days; 0 is for ever.
struct Cleanup {
  seconds interval{600};
  std::size_t quality_days = 7;
  std::size_t call_days = 0;
  std::size_t recording_days = 0;
};

/// What a call gets that matches. Patterns are exact, or end in `*` for a prefix; empty matches everything.
struct Route {
  std::string name;
  std::string provider;
  std::string to;
  std::string from;

  std::string greeting;      ///< spoken into the stream
  std::string announcement;  ///< spoken before the greeting, for example that the call is recorded
  bool record = true;
  bool transcribe = true;
  std::string engine;  ///< deepgram, embedded; empty: deepgram when it is configured, else embedded
  std::string language = "en-US";
  std::vector<std::string> phrases;  ///< what the embedded engine listens for besides digits and yes/no
  std::string dial;                  ///< connect the caller on to this number; the stream then only listens
  std::string caller_id;
  std::string reject;  ///< `rejected` or `busy`: do not answer
};

/// Everything Trunkline can be told. Filled once at start, then read only.
struct Settings {
  std::string environment = "production";
  std::filesystem::path data_dir = "data";
  Database database;
  Node node;
  Redis redis;
  Server server;
  Log log;
  Security security;
  Twilio twilio;
  Acs acs;
  Deepgram deepgram;
  Speech speech;
  Recording recording;
  Calls calls;
  Api api;
  Cache cache;
  Limits limits;
  Webhooks webhooks;
  EventGrid event_grid;
  Cleanup cleanup;
  std::vector<Route> routes;  ///< the first match wins; without a match the default route records and transcribes

  /// Whether what only developers need is there. Any other word than `development` means production.
  bool in_development() const { return environment == "development"; }
};

}  // namespace trunkline::config

#include "config/options.hpp"

#include "config/azure_shapes.hpp"

#include <trunkline/base/cidr.hpp>

#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace trunkline::config {
namespace {

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// By the reader that the listener uses.
bool is_address(std::string_view text) {
  boost::system::error_code error;
  boost::asio::ip::make_address(text, error);
  return !error;
}

bool is_block(std::string_view text) {
  return Cidr::parse(text).has_value();
}

bool is_account_sid(std::string_view text) {
  return text.starts_with("AC") && std::all_of(text.begin(), text.end(), is_alphanumeric);
}

bool is_database_url(std::string_view text) {
  return text.starts_with("postgres://") || text.starts_with("postgresql://");
}

bool is_redis_url(std::string_view text) {
  return text.starts_with("redis://") || text.starts_with("rediss://");
}

bool has_no_blank(std::string_view text) {
  return text.find(' ') == std::string_view::npos;
}

/// What a browser sends as Origin, or `*`.
bool is_origin(std::string_view text) {
  if (text == "*") return true;
  const auto scheme = text.find("://");
  return scheme != std::string_view::npos && scheme > 0 && scheme + 3 < text.size() &&
         text.find_first_of("/?#@ ", scheme + 3) == std::string_view::npos;
}

/// The way from Settings to a member of a member.
template <auto... members>
constexpr auto at = +[](Settings& settings) -> auto& { return (settings.*....*members); };

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;
constexpr std::uint64_t day_s = 86'400;
constexpr std::uint64_t max_days = 36'500;

const Option table[] = {
    {"NODE_ENV", "environment", at<&Settings::environment>, Anything{}, "development",
     "With development, and no other word, POST /webhooks/test takes events that no provider has sent."},
    {"DATA_DIR", "data_dir", at<&Settings::data_dir>, Anything{}, "/var/lib/trunkline",
     "Folder for the database, the recordings and the generated token secret."},

    {"DATABASE_URL", "database.url", at<&Settings::database, &Database::url>,
     Shape{is_database_url, "does not begin with postgresql://"},
     "postgresql://trunkline:password@db.internal:5432/trunkline?sslmode=verify-full",
     "Postgres (13 or later) instead of the embedded database, for one node or many; sslmode and sslrootcert say how "
     "much TLS.",
     true, "SQLite in DATA_DIR"},
    {"DATABASE_CONNECTIONS", "database.connections", at<&Settings::database, &Database::connections>, Range{2, 1'000},
     "16", "Connections to Postgres that this process opens at most; a quarter of them is for reads."},
    {"DATABASE_WAIT_MS", "database.wait_ms", at<&Settings::database, &Database::wait_limit>, Range{100, 300'000},
     "5000", "How long a request waits for a connection to Postgres that is free and works; then it is answered 503."},
    {"DATABASE_CONNECT_TIMEOUT_MS", "database.connect_timeout_ms", at<&Settings::database, &Database::connect_timeout>,
     Range{2'000, 300'000}, "3000", "Time to connect to one host of DATABASE_URL; rounded up to whole seconds."},
    {"DATABASE_STATEMENT_TIMEOUT_MS", "database.statement_timeout_ms",
     at<&Settings::database, &Database::statement_timeout>, Range{100, 3'600'000}, "5000",
     "Time that one statement may take; a second later the server counts as lost."},
    {"DATABASE_LOCK_TIMEOUT_MS", "database.lock_timeout_ms", at<&Settings::database, &Database::lock_timeout>,
     Range{10, 3'600'000}, "3000", "Time that a statement waits for a row that another transaction holds."},
    {"MIGRATE", "database.migrate", at<&Settings::database, &Database::migrate>, Anything{}, "off",
     "Bring the schema up to date at start; when off, a schema that is not is refused until `trunkline migrate` ran."},

    {"NODE_TIMEOUT_S", "node.timeout_s", at<&Settings::node, &Node::timeout>, Range{1, 600}, "15",
     "A node that gives no sign of life in the database for so long is gone: its calls are marked RECONNECTING."},

    {"REDIS_URL", "redis.url", at<&Settings::redis, &Redis::url>,
     Shape{is_redis_url, "does not begin with redis:// or rediss://"},
     "rediss://trunkline:password@redis.internal:6379/0",
     "Redis 7 or later for what is live, shared by all nodes; rediss is TLS, and certificate and name are checked. "
     "What is "
     "in it goes before REDIS_HOST, REDIS_PORT, REDIS_PASSWORD and REDIS_DB.",
     true, "in process"},
    {"REDIS_HOST", "redis.host", at<&Settings::redis, &Redis::host>, Shape{has_no_blank, "holds a blank"},
     "redis.internal", "Redis by parts, without a URL: name or address."},
    {"REDIS_PORT", "redis.port", at<&Settings::redis, &Redis::port>, Range{1, 65'535}, "6379", "Its port."},
    {"REDIS_PASSWORD", "redis.password", at<&Settings::redis, &Redis::password>, Anything{}, "your-redis-password",
     "Its password.", true},
    {"REDIS_DB", "redis.db", at<&Settings::redis, &Redis::db>, Range{0, 1'000'000}, "0", "Number of its database."},
    {"REDIS_SENTINELS", "redis.sentinels", at<&Settings::redis, &Redis::sentinels>,
     Shape{has_no_blank, "holds a blank"}, "sentinel-1:26379,sentinel-2:26379,sentinel-3:26379",
     "Redis Sentinels, which say where the master is; user, password, database and TLS are as for one server."},
    {"REDIS_SENTINEL_MASTER", "redis.sentinel_master", at<&Settings::redis, &Redis::sentinel_master>, Anything{},
     "trunkline", "What the Sentinels call the master."},
    {"REDIS_SENTINEL_USER", "redis.sentinel_user", at<&Settings::redis, &Redis::sentinel_user>, Anything{}, "trunkline",
     "User that the Sentinels ask for, where they have users; with REDIS_SENTINEL_PASSWORD."},
    {"REDIS_SENTINEL_PASSWORD", "redis.sentinel_password", at<&Settings::redis, &Redis::sentinel_password>, Anything{},
     "your-sentinel-password", "Password of the Sentinels (requirepass there); that of the servers is not theirs.",
     true},
    {"REDIS_CA_FILE", "redis.ca_file", at<&Settings::redis, &Redis::ca_file>, Anything{}, "/etc/ssl/redis-ca.crt",
     "Certificates in PEM that are trusted for rediss.", false, "those of the system"},
    {"REDIS_PREFIX", "redis.prefix", at<&Settings::redis, &Redis::prefix>, Shape{has_no_blank, "holds a blank"},
     "trunkline:", "Before every key and channel: gateways that share a Redis and nothing else have different ones."},
    {"REDIS_TIMEOUT_MS", "redis.timeout_ms", at<&Settings::redis, &Redis::timeout>, Range{10, 60'000}, "1000",
     "Time for an answer; a connection that takes longer is made anew."},

    {"HOST", "server.host", at<&Settings::server, &Server::host>, Shape{is_address, "is not an IP address"},
     "127.0.0.1", "IP address to listen on; 0.0.0.0 and :: are all of this host."},
    {"PORT", "server.port", at<&Settings::server, &Server::port>, Range{1, 65'535}, "8080", "Port to listen on."},
    {"PUBLIC_URL", "server.public_url", at<&Settings::server, &Server::public_url>, BaseUrl{"http https"},
     "https://calls.example.com",
     "URL under which providers reach this process; webhook signatures are checked over it. https makes media sockets "
     "wss.",
     false, "http://127.0.0.1:PORT"},
    {"WORKERS", "server.workers", at<&Settings::server, &Server::workers>, Range{0, 256}, "4",
     "Threads that serve connections; 0 is one a core."},
    {"TLS_CERT_FILE", "server.tls_cert_file", at<&Settings::server, &Server::tls_certificate>, Anything{},
     "/etc/trunkline/tls.crt", "Certificate chain in PEM; with it the listener speaks TLS only. SIGHUP reads it anew."},
    {"TLS_KEY_FILE", "server.tls_key_file", at<&Settings::server, &Server::tls_key>, Anything{},
     "/etc/trunkline/tls.key", "Private key of the certificate in PEM."},
    {"HTTP_MAX_HEADER_BYTES", "server.max_header_bytes", at<&Settings::server, &Server::max_header_bytes>,
     Range{1 * kib, 256 * kib}, "16384", "Largest request line and headers together."},
    {"HTTP_MAX_BODY_BYTES", "server.max_body_bytes", at<&Settings::server, &Server::max_body_bytes>,
     Range{1 * kib, 64 * mib}, "1048576", "Largest request body."},
    {"HTTP_HEADER_TIMEOUT_MS", "server.header_timeout_ms", at<&Settings::server, &Server::header_timeout>,
     Range{100, 300'000}, "10000", "Time for a request to arrive whole; slower clients are cut off."},
    {"HTTP_IDLE_TIMEOUT_MS", "server.idle_timeout_ms", at<&Settings::server, &Server::idle_timeout>,
     Range{100, 3'600'000}, "60000", "Time that a connection may be kept alive without a request."},
    {"MAX_CONNECTIONS", "server.max_connections", at<&Settings::server, &Server::max_connections>, Range{1, 1'000'000},
     "20000", "Open connections in all."},
    {"MAX_CONNECTIONS_PER_ADDRESS", "server.max_connections_per_address",
     at<&Settings::server, &Server::max_connections_per_address>, Range{1, 1'000'000}, "4096",
     "Open connections from one address. Providers and proxies come from few."},
    {"TRUSTED_PROXIES", "server.trusted_proxies", at<&Settings::server, &Server::trusted_proxies>,
     Shape{is_block, "is neither an IP address nor a CIDR block without bits behind its prefix"},
     "10.0.0.0/8,2001:db8::/32",
     "Addresses of the proxies before this process: what they note in X-Forwarded-For or Forwarded is believed, "
     "in logs and for limits."},
    {"WS_MAX_MESSAGE_BYTES", "server.max_message_bytes", at<&Settings::server, &Server::max_message_bytes>,
     Range{4 * kib, 16 * mib}, "262144", "Largest WebSocket message."},
    {"CORS_ORIGINS", "server.cors_origins", at<&Settings::server, &Server::cors_origins>,
     Shape{is_origin, "is not an origin"}, "https://console.example.com",
     "Origins whose pages may call the API; `*` is all."},
    {"SECURITY_HEADERS", "server.security_headers", at<&Settings::server, &Server::security_headers>, Anything{},
     "true", "Send the usual browser security headers."},
    {"DRAIN_TIMEOUT_S", "server.drain_timeout_s", at<&Settings::server, &Server::drain_timeout>, Range{0, day_s}, "30",
     "Time that running calls are given to finish after SIGTERM."},

    {"LOG_LEVEL", "log.level", at<&Settings::log, &Log::level>, OneOf{"debug info warn error"}, "info",
     "Least important lines that are written."},
    {"LOG_FORMAT", "log.format", at<&Settings::log, &Log::format>, OneOf{"auto json pretty"}, "json",
     "Form of the log; auto is pretty on a terminal and JSON elsewhere."},

    {"JWT_SECRET", "security.jwt_secret", at<&Settings::security, &Security::jwt_secret>, AtLeastBytes{16},
     "the output of: openssl rand -hex 32", "Secret that HS256 tokens are signed with.", true,
     "made at the first start and kept in DATA_DIR"},
    {"JWT_PUBLIC_KEY_FILE", "security.jwt_public_key_file", at<&Settings::security, &Security::jwt_public_key>,
     Anything{}, "/etc/trunkline/jwt.pem", "Public key in PEM: RSA for RS256 tokens, EC P-256 for ES256 tokens."},
    {"JWT_JWKS_FILE", "security.jwt_jwks_file", at<&Settings::security, &Security::jwt_jwks>, Anything{},
     "/etc/trunkline/jwks.json", "JWK set with the RSA and EC P-256 keys that sign tokens."},
    {"JWT_ISSUER", "security.jwt_issuer", at<&Settings::security, &Security::jwt_issuer>, Anything{},
     "https://id.example.com", "Required value of a token's `iss`."},
    {"JWT_AUDIENCE", "security.jwt_audience", at<&Settings::security, &Security::jwt_audience>, Anything{}, "trunkline",
     "Value that must be in a token's `aud`."},
    {"METRICS_ACCESS", "security.metrics_access", at<&Settings::security, &Security::metrics_access>,
     OneOf{"loopback token open"}, "token",
     "Who may read /metrics without a token: callers on this machine, nobody, or everybody."},

    {"TWILIO_ACCOUNT_SID", "twilio.account_sid", at<&Settings::twilio, &Twilio::account_sid>,
     Shape{is_account_sid, "is not an account SID: those begin with AC"}, "AC00000000000000000000000000000000",
     "Twilio account in whose name our own requests are made. Which webhooks are taken, TWILIO_AUTH_TOKEN says."},
    {"TWILIO_AUTH_TOKEN", "twilio.auth_token", at<&Settings::twilio, &Twilio::auth_tokens>,
     Shape{has_no_blank, "holds a blank"}, "new-token,old-token",
     "Auth token that signs Twilio's webhooks. Several for a rotation: all are accepted, the first signs our requests.",
     true},
    {"TWILIO_API_URL", "twilio.api_url", at<&Settings::twilio, &Twilio::api_url>, BaseUrl{"https http"},
     "https://api.twilio.com", "Twilio's REST API."},

    {"AZURE_COMMUNICATION_CONNECTION_STRING", "acs.connection_string", at<&Settings::acs, &Acs::connection_string>,
     Shape{azure::is_connection_string,
           "is not endpoint=https://...;accesskey=... with a key in base64, as the portal shows it"},
     "endpoint=https://contoso.unitedstates.communication.azure.com/;accesskey=...",
     "Azure Communication Services resource that calls are answered for, with its access key.", true},
    {"AZURE_COMMUNICATION_ENDPOINT", "acs.endpoint", at<&Settings::acs, &Acs::endpoint>, ServiceUrl{false},
     "https://contoso.unitedstates.communication.azure.com",
     "The same without a key: asked as a managed identity. Idle beside a connection string."},
    {"AZURE_COMMUNICATION_RESOURCE_ID", "acs.resource_id", at<&Settings::acs, &Acs::resource_id>,
     Shape{azure::is_resource_id, "is not the resource's immutable id: that is a GUID, not a path"},
     "11111111-2222-3333-4444-555555555555",
     "Immutable id of the resource, to which the tokens of callbacks and media sockets are made out."},
    {"AZURE_CLIENT_ID", "acs.client_id", at<&Settings::acs, &Acs::client_id>, Shape{azure::is_guid, "is not a GUID"},
     "22222222-3333-4444-5555-666666666666", "User-assigned managed identity to use instead of the machine's own."},
    {"AZURE_COMMUNICATION_API_VERSION", "acs.api_version", at<&Settings::acs, &Acs::api_version>,
     Shape{azure::is_api_version, "is not a version such as 2025-05-15"}, "2025-05-15",
     "Version of the Call Automation API that is asked for."},
    {"AZURE_WEBHOOK_SECRET", "acs.webhook_secret", at<&Settings::acs, &Acs::webhook_secrets>, Anything{},
     "the output of: openssl rand -hex 32",
     "Secret of those who sign webhooks with HMAC-SHA256 over the body, such as a relay before this process. Several "
     "for a rotation, here and below.",
     true},
    {"AZURE_CALLBACK_JWKS_URL", "acs.callback_jwks_url", at<&Settings::acs, &Acs::callback_jwks_url>, ServiceUrl{},
     "https://acscallautomation.communication.azure.com/calling/keys",
     "Keys that the tokens of callbacks and media sockets are signed with."},
    {"AZURE_CALLBACK_ISSUER", "acs.callback_issuer", at<&Settings::acs, &Acs::callback_issuer>, Anything{},
     "https://acscallautomation.communication.azure.com", "Required value of their `iss`."},
    {"AZURE_EVENT_GRID_DELIVERY_SECRET", "acs.event_grid_secret", at<&Settings::acs, &Acs::event_grid_secrets>,
     Shape{has_no_blank, "holds a blank"}, "the output of: openssl rand -hex 32",
     "Secret that the Event Grid subscription sends along as a delivery property.", true},
    {"AZURE_EVENT_GRID_SECRET_HEADER", "acs.event_grid_secret_header",
     at<&Settings::acs, &Acs::event_grid_secret_header>,
     Shape{azure::is_secret_header, "is not a header's name, or is Authorization, where tokens come"},
     "X-Event-Grid-Secret", "Header that it comes in."},
    {"AZURE_EVENT_GRID_AUDIENCE", "acs.event_grid_audience", at<&Settings::acs, &Acs::event_grid_audience>,
     Shape{has_no_blank, "holds a blank"}, "33333333-4444-5555-6666-777777777777",
     "Application id that Event Grid's Microsoft Entra tokens are made out to; with AZURE_EVENT_GRID_TENANT."},
    {"AZURE_EVENT_GRID_TENANT", "acs.event_grid_tenant", at<&Settings::acs, &Acs::event_grid_tenant>,
     Shape{azure::is_guid, "is not a tenant's id: that is a GUID"}, "44444444-5555-6666-7777-888888888888",
     "Tenant that issues those tokens."},
    {"AZURE_EVENT_GRID_JWKS_URL", "acs.event_grid_jwks_url", at<&Settings::acs, &Acs::event_grid_jwks_url>,
     ServiceUrl{}, "https://login.microsoftonline.com/44444444-5555-6666-7777-888888888888/discovery/v2.0/keys",
     "Keys that they are signed with.", false, "the tenant's"},
    {"AZURE_EVENT_GRID_SUBSCRIPTIONS", "acs.event_grid_subscriptions",
     at<&Settings::acs, &Acs::event_grid_subscriptions>, Shape{has_no_blank, "holds a blank"}, "calls,recordings",
     "Event Grid subscriptions whose validation is answered; without any, all that carry a proof."},
    {"AZURE_COGNITIVE_SERVICES_ENDPOINT", "acs.cognitive_services_endpoint",
     at<&Settings::acs, &Acs::cognitive_services_endpoint>, ServiceUrl{}, "https://contoso.cognitiveservices.azure.com",
     "Azure AI services with which the calls speak and recognise; needs a custom domain."},
    {"AZURE_MEDIA_SAMPLE_RATE", "acs.media_sample_rate", at<&Settings::acs, &Acs::media_sample_rate>,
     OneOf{"16000 24000"}, "24000", "Samples a second of a call's audio."},
    {"AZURE_MEDIA_CHANNELS", "acs.media_channels", at<&Settings::acs, &Acs::media_channels>, OneOf{"mixed unmixed"},
     "unmixed", "Whether all who are in a call come on one track, or each on one of their own."},
    {"AZURE_MEDIA_REQUIRE_JWT", "acs.media_require_jwt", at<&Settings::acs, &Acs::media_require_jwt>, Anything{},
     "false", "A media socket must carry the service's token besides the one-call secret in its path."},
    {"AZURE_TRANSCRIPTION", "acs.transcription", at<&Settings::acs, &Acs::transcription>, Anything{}, "true",
     "Have calls transcribed by the service itself, in the language of their route; needs "
     "AZURE_COGNITIVE_SERVICES_ENDPOINT."},
    {"AZURE_OWN_NUMBERS", "acs.own_numbers", at<&Settings::acs, &Acs::own_numbers>,
     Shape{azure::is_identifier, "is neither a number in E.164 form nor a raw id such as 8:acs:..."},
     "+14155550100,+14155550101",
     "Numbers and identities of ours: a call from one of them is one that we made, and is not answered."},
    {"AZURE_FETCH_RECORDINGS", "acs.fetch_recordings", at<&Settings::acs, &Acs::fetch_recordings>, Anything{}, "false",
     "Fetch recordings that the service makes itself, which keeps them for a day, into the library."},
    {"AZURE_RECORDING_HOSTS", "acs.recording_hosts", at<&Settings::acs, &Acs::recording_hosts>,
     Shape{azure::is_authority, "is not a host name, with a port where it is not 443"}, "recordings.contoso.com",
     "Hosts that they are fetched from, by https, beside Microsoft's own: whoever is named is shown a signature of the "
     "resource."},
    {"AZURE_RECORDING_MAX_MB", "acs.max_recording_mb", at<&Settings::acs, &Acs::max_recording_mb>, Range{1, 1'048'576},
     "1024", "Size of one file, in MiB, above which it is not fetched."},
    {"AZURE_DELETE_FETCHED_RECORDINGS", "acs.delete_fetched_recordings",
     at<&Settings::acs, &Acs::delete_fetched_recordings>, Anything{}, "true",
     "Delete recordings at the service once they are here."},
    {"AZURE_HEALTH_INTERVAL_S", "acs.health_interval_s", at<&Settings::acs, &Acs::health_interval>, Range{1, 3'600},
     "60", "How often it is looked whether Azure Communication Services answers and takes our credentials."},
    {"AZURE_HANDLING_TIME_MS", "acs.handling_time_ms", at<&Settings::acs, &Acs::handling_time>, Range{0, 10'000},
     "10000",
     "Time in which the handling of an event that fails for now is tried again, before Azure is told to send it again; "
     "0 leaves that to Azure."},

    {"DEEPGRAM_API_KEY", "deepgram.api_key", at<&Settings::deepgram, &Deepgram::api_key>, Anything{},
     "your-deepgram-key", "Key for Deepgram; with it calls are transcribed there unless a route says otherwise.", true},
    {"DEEPGRAM_URL", "deepgram.url", at<&Settings::deepgram, &Deepgram::url>, BaseUrl{"wss ws https http"},
     "wss://api.deepgram.com", "Deepgram's streaming API."},
    {"DEEPGRAM_MODEL", "deepgram.model", at<&Settings::deepgram, &Deepgram::model>, Anything{}, "nova-3",
     "Deepgram's model."},

    {"SPEECH_MODEL_DIR", "speech.model_dir", at<&Settings::speech, &Speech::model_dir>, Anything{},
     "/usr/share/pocketsphinx/model/en-us", "Acoustic model of the embedded recogniser."},
    {"SPEECH_MAX_DECODERS", "speech.max_decoders", at<&Settings::speech, &Speech::max_decoders>, Range{0, 1'024}, "8",
     "Embedded recognisers that may run at once; further calls go untranscribed, with an event that says so."},
    {"SPEECH_VOICE", "speech.voice", at<&Settings::speech, &Speech::voice>, OneOf{"slt rms"}, "slt",
     "Embedded voice: slt (female) or rms (male)."},

    {"RECORDING_DIR", "recording.dir", at<&Settings::recording, &Recording::dir>, Anything{}, "/srv/recordings",
     "Folder for recordings.", false, "DATA_DIR/recordings"},
    {"RECORDING_SHARED", "recording.shared", at<&Settings::recording, &Recording::shared>, Anything{}, "true",
     "All nodes have the same RECORDING_DIR: what one that died left unfinished is finished by another."},
    {"RECORDING_FETCH_ATTEMPTS", "recording.fetch_attempts", at<&Settings::recording, &Recording::fetch_attempts>,
     Range{1, 100}, "5", "How often it is tried to fetch a recording that a provider made, before it has failed."},
    {"RECORDING_FETCH_RETRY_S", "recording.fetch_retry_s", at<&Settings::recording, &Recording::fetch_retry>,
     Range{1, 3'600}, "60", "How long is waited before the second attempt; doubles with each, up to an hour."},

    {"MAX_STREAMS", "calls.max_streams", at<&Settings::calls, &Calls::max_streams>, Range{1, 100'000}, "5000",
     "Media streams that may run at once; further calls are answered busy."},
    {"RINGING_TIMEOUT_S", "calls.ringing_timeout_s", at<&Settings::calls, &Calls::ringing_timeout>, Range{1, day_s},
     "120", "A call that rings for longer is closed."},
    {"CONNECTING_TIMEOUT_S", "calls.connecting_timeout_s", at<&Settings::calls, &Calls::connecting_timeout>,
     Range{1, day_s}, "60", "A call that is connecting for longer is closed."},
    {"CONNECTED_TIMEOUT_S", "calls.connected_timeout_s", at<&Settings::calls, &Calls::connected_timeout>,
     Range{1, day_s}, "300", "A connected call with neither media nor a callback for longer is closed."},
    {"MAX_CALL_DURATION_S", "calls.max_duration_s", at<&Settings::calls, &Calls::max_duration>, Range{1, 7 * day_s},
     "14400", "A call that lasts longer is closed."},
    {"REAPER_INTERVAL_S", "calls.reaper_interval_s", at<&Settings::calls, &Calls::reaper_interval>, Range{1, 3'600},
     "5", "How often those four limits are looked at."},
    {"MEDIA_IDLE_TIMEOUT_MS", "calls.media_idle_timeout_ms", at<&Settings::calls, &Calls::media_idle_timeout>,
     Range{100, 600'000}, "10000", "A media stream that brings nothing for longer is ended."},
    {"INBOX_RETENTION_S", "calls.inbox_retention_s", at<&Settings::calls, &Calls::inbox_retention>,
     Range{3'600, 365 * day_s}, "604800",
     "How long a provider's request is remembered, so that its repetition changes nothing; providers repeat for "
     "minutes, "
     "or a day at most."},
    {"RECONCILE_INTERVAL_S", "calls.reconcile_interval_s", at<&Settings::calls, &Calls::reconcile_interval>,
     Range{0, day_s}, "60",
     "How often the provider is asked about calls that look stuck, and about those that we closed by ourselves; 0 is "
     "never. Needs TWILIO_ACCOUNT_SID."},
    {"RECONCILE_AFTER_S", "calls.reconcile_after_s", at<&Settings::calls, &Calls::reconcile_after>, Range{1, day_s},
     "60", "How long nothing was heard of a call before the provider is asked about it."},

    {"IDEMPOTENCY_RETENTION_H", "api.idempotency_retention_h", at<&Settings::api, &Api::idempotency_retention>,
     Range{1, 31 * 24}, "24",
     "How long the answer to a POST with an Idempotency-Key is kept, to be given again when the same comes again."},

    {"CACHE_CALLS", "cache.calls", at<&Settings::cache, &Cache::calls>, Range{0, 1'000'000}, "10000",
     "Calls that are kept in memory for those who look at them; 0 is none, then each look reads the database."},
    {"CACHE_TTL_S", "cache.ttl_s", at<&Settings::cache, &Cache::ttl>, Range{1, 60}, "5",
     "How old a call may be that is shown from memory or Redis when no node said that it has changed."},

    {"RATE_LIMIT_API_READ_PER_MINUTE", "limits.api_read_per_minute",
     at<&Settings::limits, &Limits::api_read_per_minute>, Range{0, 10'000'000}, "60000",
     "Requests a minute that change nothing, of one token's subject; a tenth at once. 0 is no limit, here and below."},
    {"RATE_LIMIT_API_WRITE_PER_MINUTE", "limits.api_write_per_minute",
     at<&Settings::limits, &Limits::api_write_per_minute>, Range{0, 10'000'000}, "6000",
     "The same of requests that change something."},
    {"RATE_LIMIT_WEBHOOK_PER_MINUTE", "limits.webhook_per_minute", at<&Settings::limits, &Limits::webhook_per_minute>,
     Range{0, 10'000'000}, "60000",
     "Webhooks a minute from one address, proven or not. Providers come from few addresses, with proofs."},
    {"RATE_LIMIT_UPGRADE_PER_MINUTE", "limits.upgrade_per_minute", at<&Settings::limits, &Limits::upgrade_per_minute>,
     Range{0, 10'000'000}, "6000",
     "WebSockets a minute that one address may ask for, the provider's for media included."},
    {"RATE_LIMIT_UNPROVEN_PER_MINUTE", "limits.unproven_per_minute",
     at<&Settings::limits, &Limits::unproven_per_minute>, Range{0, 10'000'000}, "60",
     "Requests a minute from one address that fail authentication or signature; then such requests are answered 429, "
     "and "
     "those with a valid proof as ever."},
    {"RATE_LIMIT_PHONE_PER_MINUTE", "limits.phone_per_minute", at<&Settings::limits, &Limits::phone_per_minute>,
     Range{0, 10'000'000}, "10", "New calls a minute from one calling number; over that the caller hears busy."},

    {"WEBHOOK_ALLOWED_NETWORKS", "webhooks.allowed_networks", at<&Settings::webhooks, &Webhooks::allowed_networks>,
     Shape{is_block, "is not a network such as 10.0.0.0/8"}, "10.20.0.0/16,fd00::/8",
     "Networks that webhooks may go to although they are not public, and the only ones that may be told without TLS."},
    {"WEBHOOK_TIMEOUT_MS", "webhooks.timeout_ms", at<&Settings::webhooks, &Webhooks::timeout>, Range{100, 30'000},
     "15000", "Time that a receiver has for its whole answer to a webhook."},
    {"WEBHOOK_CONCURRENCY", "webhooks.concurrency", at<&Settings::webhooks, &Webhooks::concurrency>, Range{1, 1'000},
     "64", "Webhooks that this process has under way at once; a quarter of them, rounded up, to one endpoint."},
    {"WEBHOOK_RETENTION_DAYS", "webhooks.retention_days", at<&Settings::webhooks, &Webhooks::retention_days>,
     Range{1, 3'650}, "14", "How long deliveries that were made, or given up, can be looked at."},

    {"AZURE_EVENT_GRID_ENDPOINT", "event_grid.endpoint", at<&Settings::event_grid, &EventGrid::endpoint>,
     BaseUrl{"https http"}, "https://calls.westeurope-1.eventgrid.azure.net/api/events",
     "Azure Event Grid topic or domain that events about calls and transcripts are published to."},
    {"AZURE_EVENT_GRID_ACCESS_KEY", "event_grid.access_key", at<&Settings::event_grid, &EventGrid::access_key>,
     Shape{has_no_blank, "holds a blank"}, "your-event-grid-key", "Key of that topic or domain.", true},
    {"AZURE_EVENT_GRID_TOPIC_NAME", "event_grid.topic_name", at<&Settings::event_grid, &EventGrid::topic_name>,
     Anything{}, "calls",
     "Topic within a domain. The name of a custom topic, which its endpoint begins with, may stand here and changes "
     "nothing."},

    {"CLEANUP_INTERVAL_S", "cleanup.interval_s", at<&Settings::cleanup, &Cleanup::interval>, Range{1, day_s}, "600",
     "How often what is over is looked for and removed."},
    {"QUALITY_RETENTION_DAYS", "cleanup.quality_days", at<&Settings::cleanup, &Cleanup::quality_days>,
     Range{0, max_days}, "7", "How long the figures of calls' quality are kept; 0 is for ever."},
    {"CALL_RETENTION_DAYS", "cleanup.call_days", at<&Settings::cleanup, &Cleanup::call_days>, Range{0, max_days}, "90",
     "How long calls are kept that are over, with their events and transcripts; those that have recordings stay until "
     "these are removed. 0 is for ever."},
    {"RECORDING_RETENTION_DAYS", "cleanup.recording_days", at<&Settings::cleanup, &Cleanup::recording_days>,
     Range{0, max_days}, "30", "How long recordings are kept, files and all; 0 is for ever."},
};

}  // namespace

std::span<const Option> options() {
  return table;
}

std::string file_variant(std::string_view name) {
  return std::string(name) + "_FILE";
}

}  // namespace trunkline::config

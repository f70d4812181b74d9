#include "unit/config/fake_inputs.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace trunkline;
using namespace trunkline::config;
using Catch::Contains;
using config::test::FakeInputs;
using config::test::problem_of;
using config::test::with_yaml;

namespace {

std::string effective(const Loaded& loaded, std::string_view name) {
  const auto rows = describe(loaded);
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const Effective& e) { return e.name == name; });
  return row == rows.end() ? "missing" : row->value + " from " + std::string(to_string(row->source));
}

std::string problem_with(const std::string& name, const std::string& value) {
  FakeInputs inputs;
  inputs.environment[name] = value;
  return problem_of(inputs.load(), name).problem;
}

}  // namespace

TEST_CASE("without any configuration everything has its default") {
  const Loaded loaded = FakeInputs{}.load();
  REQUIRE(loaded.ok());
  CHECK(loaded.settings.server.port == 8080);
  CHECK(loaded.settings.server.public_url == "http://127.0.0.1:8080");
  CHECK(loaded.settings.recording.dir == "data/recordings");
  CHECK(loaded.settings.routes.empty());
  CHECK(loaded.sources.empty());
}

TEST_CASE("flags win over the environment, which wins over the file, which wins over defaults") {
  FakeInputs inputs = with_yaml("server: {port: 1001, workers: 3}\nlog: {level: debug}\n");
  CHECK(inputs.load().settings.server.port == 1001);
  inputs.environment["PORT"] = "1002";
  CHECK(inputs.load().settings.server.port == 1002);
  inputs.flags["PORT"] = "1003";

  const Loaded loaded = inputs.load();
  REQUIRE(loaded.ok());
  CHECK(loaded.settings.server.port == 1003);
  CHECK(effective(loaded, "PORT") == "1003 from flag");
  CHECK(effective(loaded, "WORKERS") == "3 from file");
  CHECK(effective(loaded, "MAX_STREAMS") == "5000 from default");
  CHECK(loaded.settings.log.level == "debug");
}

TEST_CASE("a weaker layer is not looked at when a stronger one has the value") {
  FakeInputs inputs = with_yaml("server: {port: nonsense}\n");
  inputs.environment["PORT"] = "1002";
  CHECK(inputs.load().ok());
}

TEST_CASE("an empty variable counts as not set; an empty flag asks for the default") {
  FakeInputs inputs = with_yaml("server: {port: 1001}\n");
  inputs.environment["PORT"] = "";
  CHECK(inputs.load().settings.server.port == 1001);
  inputs.flags["PORT"] = "";
  CHECK(inputs.load().settings.server.port == 8080);
}

TEST_CASE("TRUNKLINE_CONFIG names the file, and --config wins over it") {
  FakeInputs inputs;
  inputs.files = {{"a.yaml", "server: {port: 1001}"}, {"b.yaml", "server: {port: 1002}"}};
  inputs.environment["TRUNKLINE_CONFIG"] = "a.yaml";
  CHECK(inputs.load().settings.server.port == 1001);
  inputs.file = "b.yaml";
  CHECK(inputs.load().settings.server.port == 1002);
  inputs.file = "c.yaml";
  CHECK_THAT(problem_of(inputs.load(), "--config").problem, Contains("'c.yaml' cannot be read"));
}

TEST_CASE("every type is read") {
  FakeInputs inputs;
  inputs.environment = {{"SECURITY_HEADERS", "off"},      {"CORS_ORIGINS", "https://a.example, https://b.example"},
                        {"HTTP_IDLE_TIMEOUT_MS", "1500"}, {"DRAIN_TIMEOUT_S", "0"},
                        {"DATA_DIR", "/srv/trunkline"},   {"METRICS_ACCESS", "token"},
                        {"HTTP_MAX_BODY_BYTES", "2048"},  {"LOG_FORMAT", "json"}};
  const Loaded loaded = inputs.load();
  REQUIRE(loaded.problems == std::vector<Problem>{});
  const Settings& s = loaded.settings;
  CHECK_FALSE(s.server.security_headers);
  CHECK(s.server.cors_origins == std::vector<std::string>{"https://a.example", "https://b.example"});
  CHECK(s.server.idle_timeout == milliseconds{1500});
  CHECK(s.server.drain_timeout == seconds{0});
  CHECK(s.recording.dir == "/srv/trunkline/recordings");
  CHECK(s.security.metrics_access == MetricsAccess::token);
  CHECK(s.server.max_body_bytes == 2048);
  CHECK(s.log.format == "json");
  CHECK(effective(loaded, "CORS_ORIGINS") == "https://a.example,https://b.example from environment");
  CHECK(effective(loaded, "SECURITY_HEADERS") == "false from environment");
  CHECK(effective(loaded, "METRICS_ACCESS") == "token from environment");
}

TEST_CASE("all problems are reported at once, each with an example") {
  FakeInputs inputs = with_yaml("server: {prot: 1}\n");
  inputs.environment = {
      {"PORT", "70000"}, {"LOG_LEVEL", "loud"}, {"JWT_SECRET", "short"}, {"SECURITY_HEADERS", "maybe"}};
  inputs.flags = {{"MAX_STREEMS", "1"}};
  const Loaded loaded = inputs.load();
  CHECK(loaded.problems.size() == 6);
  CHECK(problem_of(loaded, "PORT") == Problem{"PORT", "'70000' is not a whole number from 1 to 65535", "8080"});
  CHECK(problem_of(loaded, "LOG_LEVEL").problem == "'loud' is not one of debug, info, warn, error");
  CHECK(problem_of(loaded, "SECURITY_HEADERS").problem == "'maybe' is neither true nor false");
  CHECK(problem_of(loaded, "--set MAX_STREEMS").problem == "is not known; did you mean MAX_STREAMS?");
  CHECK(problem_of(loaded, "server.prot").problem == "is not known; did you mean server.port? (line 1)");
  CHECK(problem_of(loaded, "JWT_SECRET").problem == "is 5 bytes long; it needs at least 16");
  CHECK(loaded.settings.server.port == 8080);
  CHECK(effective(loaded, "PORT") == "(wrong) from environment");
  CHECK(loaded.refused == std::set<std::string_view>{"JWT_SECRET", "LOG_LEVEL", "PORT", "SECURITY_HEADERS"});
}

TEST_CASE("what fits together with nothing has no example, and files have the option's own") {
  FakeInputs inputs;
  inputs.environment = {{"JWT_SECRET", "0123456789abcdef"}, {"JWT_JWKS_FILE", "gone"}, {"TLS_KEY_FILE", "gone"}};
  const Loaded loaded = inputs.load();
  CHECK(problem_of(loaded, "JWT_SECRET, JWT_PUBLIC_KEY_FILE, JWT_JWKS_FILE").example.empty());
  CHECK(problem_of(loaded, "JWT_JWKS_FILE").example == "/etc/trunkline/jwks.json");
  CHECK(problem_of(loaded, "TLS_CERT_FILE").example == "/etc/trunkline/tls.crt");
}

TEST_CASE("values out of shape are refused with the reason") {
  const auto [name, value, reason] = GENERATE(table<std::string, std::string, std::string>({
      {"PORT", "0", "not a whole number"},
      {"PORT", "+80", "not a whole number"},
      {"PORT", "18446744073709551616", "not a whole number"},
      {"HOST", "my host", "not an IP address"},
      {"HOST", "localhost", "not an IP address"},
      {"HOST", "127.0.0", "not an IP address"},
      {"HOST", "[::1]", "not an IP address"},
      {"PUBLIC_URL", "ftp://x", "begins with http:// or https://"},
      {"PUBLIC_URL", "https://x.example/?a=1", "neither query nor fragment"},
      {"TWILIO_ACCOUNT_SID", "SK123", "begin with AC"},
      {"TWILIO_AUTH_TOKEN", "one,,two", "empty item"},
      {"TWILIO_AUTH_TOKEN", "one two", "holds a blank"},
      {"CORS_ORIGINS", "example.com", "is not an origin"},
      {"CORS_ORIGINS", "https://example.com/path", "is not an origin"},
      {"DATABASE_URL", "mysql://x", "does not begin with postgresql://"},
      {"DEEPGRAM_MODEL", "nova\n3", "control character"},
      {"JWT_ISSUER", std::string(5000, 'x'), "longer than 4096"},
      {"METRICS_ACCESS", "closed", "not one of loopback, token, open"},
  }));
  CHECK_THAT(problem_with(name, value), Contains(reason));
}

TEST_CASE("a value in an error is cut, and a secret is never in one") {
  CHECK(problem_with("LOG_LEVEL", std::string(200, 'x')).size() < 150);
  CHECK_THAT(problem_with("DATABASE_URL", "mysql://me:hunter2@db"), !Contains("hunter2"));
  CHECK_THAT(problem_with("TWILIO_AUTH_TOKEN", "hunter2 hunter3"), !Contains("hunter2"));
  CHECK_THAT(problem_with("JWT_SECRET", "hunter2"), !Contains("hunter2"));
  CHECK(problem_with("DEEPGRAM_URL", "wss://me:hunter2@dg/") == "must not name a user");
  CHECK_THAT(problem_with("DEEPGRAM_URL", "me:hunter2@dg"), !Contains("hunter2"));
  CHECK_THAT(problem_with("PUBLIC_URL", "https://calls.example.com/?key=hunter2"), !Contains("hunter2"));
  CHECK_THAT(problem_with("CORS_ORIGINS", "https://me:hunter2@example.com"), !Contains("hunter2"));
}

TEST_CASE("the public URL loses its trailing slash, and follows port and TLS when it is not given") {
  FakeInputs inputs;
  inputs.environment = {{"PUBLIC_URL", "HTTPS://Calls.example.com/gateway/"}};
  CHECK(inputs.load().settings.server.public_url == "https://Calls.example.com/gateway");
  inputs.environment = {{"PORT", "9000"}};
  CHECK(inputs.load().settings.server.public_url == "http://127.0.0.1:9000");
  inputs.files = {{"c.pem", "x"}, {"k.pem", "x"}};
  inputs.environment = {{"PORT", "9000"}, {"TLS_CERT_FILE", "c.pem"}, {"TLS_KEY_FILE", "k.pem"}};
  CHECK(inputs.load().settings.server.public_url == "https://127.0.0.1:9000");
}

TEST_CASE("Deepgram's URL may be written either way and is a WebSocket's") {
  FakeInputs inputs;
  inputs.environment["DEEPGRAM_URL"] = "http://127.0.0.1:9100/";
  CHECK(inputs.load().settings.deepgram.url == "ws://127.0.0.1:9100");
  inputs.environment["DEEPGRAM_URL"] = "https://api.eu.deepgram.com";
  CHECK(inputs.load().settings.deepgram.url == "wss://api.eu.deepgram.com");
}

TEST_CASE("a secret may come from a file, in every layer, without the newline that editors add") {
  FakeInputs inputs;
  inputs.files["/run/secrets/jwt"] = "0123456789abcdef\n";
  SECTION("environment") {
    inputs.environment["JWT_SECRET_FILE"] = "/run/secrets/jwt";
  }
  SECTION("flag") {
    inputs.flags["JWT_SECRET_FILE"] = "/run/secrets/jwt";
  }
  SECTION("YAML") {
    inputs.file = "c.yaml";
    inputs.files["c.yaml"] = "security: {jwt_secret_file: /run/secrets/jwt}";
  }
  const Loaded loaded = inputs.load();
  CHECK(loaded.problems == std::vector<Problem>{});
  CHECK(loaded.settings.security.jwt_secret == "0123456789abcdef");
}

TEST_CASE("a secret given twice, missing, or empty is a problem") {
  FakeInputs inputs;
  inputs.environment = {{"DEEPGRAM_API_KEY", "a"},
                        {"DEEPGRAM_API_KEY_FILE", "f"},
                        {"JWT_SECRET_FILE", "missing"},
                        {"TWILIO_AUTH_TOKEN_FILE", "empty"}};
  inputs.files = {{"f", "b"}, {"empty", " \n"}};
  const Loaded loaded = inputs.load();
  CHECK(loaded.problems.size() == 3);
  CHECK_THAT(problem_of(loaded, "DEEPGRAM_API_KEY").problem, Contains("DEEPGRAM_API_KEY_FILE are both set"));
  CHECK_THAT(problem_of(loaded, "JWT_SECRET_FILE").problem, Contains("'missing' cannot be read"));
  CHECK_THAT(problem_of(loaded, "TWILIO_AUTH_TOKEN_FILE").problem, Contains("is empty"));
}

TEST_CASE("a stronger layer's secret replaces a weaker layer's secret file") {
  FakeInputs inputs = with_yaml("deepgram: {api_key_file: gone}\n");
  inputs.environment["DEEPGRAM_API_KEY"] = "key";
  CHECK(inputs.load().ok());
  CHECK(inputs.load().settings.deepgram.api_key == "key");
}

TEST_CASE("secrets are masked when described") {
  FakeInputs inputs;
  inputs.environment = {{"TWILIO_AUTH_TOKEN", "new,old"}, {"DATABASE_URL", "postgresql://me:hunter2@db/x"}};
  const Loaded loaded = inputs.load();
  CHECK(loaded.settings.twilio.auth_tokens == std::vector<std::string>{"new", "old"});
  CHECK(effective(loaded, "TWILIO_AUTH_TOKEN") == "******** from environment");
  CHECK(effective(loaded, "DATABASE_URL") == "******** from environment");
  CHECK(effective(FakeInputs{}.load(), "DATABASE_URL") == "SQLite in DATA_DIR from default");
  CHECK(effective(loaded, "PUBLIC_URL") == "http://127.0.0.1:8080 from default");
}

TEST_CASE("options that need or exclude each other are checked") {
  FakeInputs inputs;
  inputs.files = {{"c.pem", "x"}, {"k.json", "x"}};
  inputs.environment = {{"TLS_CERT_FILE", "c.pem"},
                        {"JWT_SECRET", "0123456789abcdef"},
                        {"JWT_JWKS_FILE", "k.json"},
                        {"JWT_PUBLIC_KEY_FILE", "gone.pem"}};
  const Loaded loaded = inputs.load();
  CHECK(loaded.problems.size() == 3);
  CHECK_THAT(problem_of(loaded, "TLS_KEY_FILE").problem, Contains("belong together"));
  CHECK_THAT(problem_of(loaded, "JWT_PUBLIC_KEY_FILE").problem, Contains("'gone.pem' cannot be read"));
  CHECK_THAT(problem_of(loaded, "JWT_SECRET, JWT_PUBLIC_KEY_FILE, JWT_JWKS_FILE").problem, Contains("only one"));
}

TEST_CASE("the settings of Redis are checked one by one and together") {
  CHECK(problem_with("REDIS_URL", "http://h") == "does not begin with redis:// or rediss://");
  CHECK_THAT(problem_with("REDIS_PORT", "70000"), Contains("is not a whole number from 1 to 65535"));
  CHECK_THAT(problem_with("REDIS_TIMEOUT_MS", "5"), Contains("from 10 to 60000"));
  CHECK_THAT(problem_with("REDIS_PREFIX", "a b"), Contains("holds a blank"));
  CHECK_THAT(problem_with("REDIS_CA_FILE", "/no/where.crt"), Contains("/no/where.crt"));

  FakeInputs inputs;
  inputs.environment["REDIS_SENTINELS"] = "s1:26379, s2";
  CHECK_THAT(problem_of(inputs.load(), "REDIS_SENTINEL_MASTER").problem, Contains("is missing"));
  inputs.environment["REDIS_SENTINEL_MASTER"] = "calls";
  const Loaded loaded = inputs.load();
  REQUIRE(loaded.ok());
  CHECK(loaded.settings.redis.sentinels == std::vector<std::string>{"s1:26379", "s2"});
  inputs.environment["REDIS_SENTINEL_USER"] = "asker";
  CHECK_THAT(problem_of(inputs.load(), "REDIS_SENTINEL_PASSWORD").problem, Contains("is missing"));
  inputs.environment["REDIS_SENTINEL_PASSWORD"] = "of-sentinels";
  CHECK(inputs.load().settings.redis.sentinel_password == "of-sentinels");
  CHECK(effective(inputs.load(), "REDIS_SENTINEL_PASSWORD") == "******** from environment");
  inputs.environment.erase("REDIS_SENTINELS");
  CHECK_THAT(problem_of(inputs.load(), "REDIS_SENTINELS").problem, Contains("is missing"));

  FakeInputs secret;
  secret.environment["REDIS_URL"] = "redis://:secret-word@h/0";
  CHECK(effective(secret.load(), "REDIS_URL") == "******** from environment");
}

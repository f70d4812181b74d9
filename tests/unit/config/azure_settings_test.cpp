#include "unit/config/fake_inputs.hpp"

#include <catch2/catch.hpp>

using namespace trunkline::config;
using Catch::Contains;
using trunkline::config::test::FakeInputs;
using trunkline::config::test::problem_of;

namespace {

const std::string connection_string = "endpoint=https://contoso.communication.azure.com/;accesskey=c2VjcmV0LXdvcmQ=";
const std::string guid = "11111111-2222-3333-4444-555555555555";

/// The least that Azure Communication Services need.
FakeInputs least() {
  FakeInputs inputs;
  inputs.environment = {{"AZURE_COMMUNICATION_CONNECTION_STRING", connection_string},
                        {"AZURE_COMMUNICATION_RESOURCE_ID", guid},
                        {"AZURE_EVENT_GRID_DELIVERY_SECRET", "delivery-word"}};
  return inputs;
}

std::string problem_with(const std::string& name, const std::string& value) {
  FakeInputs inputs = least();
  inputs.environment[name] = value;
  return problem_of(inputs.load(), name).problem;
}

bool takes_connection_string(const std::string& text) {
  FakeInputs inputs = least();
  inputs.environment["AZURE_COMMUNICATION_CONNECTION_STRING"] = text;
  return inputs.load().ok();
}

std::string shown(const Loaded& loaded, std::string_view name) {
  for (const Effective& row : describe(loaded)) {
    if (row.name == name) return row.value;
  }
  return "missing";
}

}  // namespace

TEST_CASE("without anything of Azure its service is not used, and has the real addresses") {
  const Acs acs = FakeInputs{}.load().settings.acs;
  CHECK_FALSE(acs.used());
  CHECK(acs.callback_jwks_url == "https://acscallautomation.communication.azure.com/calling/keys");
  CHECK(acs.callback_issuer == "https://acscallautomation.communication.azure.com");
  CHECK(acs.event_grid_secret_header == "X-Event-Grid-Secret");
  CHECK(acs.api_version == "2025-05-15");
  CHECK(acs.media_sample_rate == 16'000);
  CHECK(acs.media_require_jwt);
  CHECK_FALSE(acs.transcription);
}

TEST_CASE("everything of Azure is read") {
  FakeInputs inputs = least();
  inputs.environment.merge(std::map<std::string, std::string>{
      {"AZURE_COMMUNICATION_ENDPOINT", "http://127.0.0.1:8081/"},
      {"AZURE_CLIENT_ID", guid},
      {"AZURE_COMMUNICATION_API_VERSION", "2026-03-12-preview"},
      {"AZURE_WEBHOOK_SECRET", "new,old"},
      {"AZURE_CALLBACK_JWKS_URL", "http://127.0.0.1:8082/calling/keys"},
      {"AZURE_CALLBACK_ISSUER", "http://127.0.0.1:8082/"},
      {"AZURE_EVENT_GRID_SECRET_HEADER", "X-Delivery-Key"},
      {"AZURE_EVENT_GRID_AUDIENCE", "api://gateway"},
      {"AZURE_EVENT_GRID_TENANT", "AAAAAAAA-2222-3333-4444-555555555555"},
      {"AZURE_EVENT_GRID_SUBSCRIPTIONS", "CALLS,recordings"},
      {"AZURE_COGNITIVE_SERVICES_ENDPOINT", "https://contoso.cognitiveservices.azure.com/"},
      {"AZURE_MEDIA_SAMPLE_RATE", "24000"},
      {"AZURE_MEDIA_REQUIRE_JWT", "off"},
      {"AZURE_TRANSCRIPTION", "on"},
      {"AZURE_OWN_NUMBERS", "+14155550100, 8:acs:resource_user"},
      {"AZURE_FETCH_RECORDINGS", "false"},
      {"AZURE_RECORDING_HOSTS", "keeper.example, 10.0.0.1:8443"},
      {"AZURE_RECORDING_MAX_MB", "1"},
      {"AZURE_DELETE_FETCHED_RECORDINGS", "true"}});
  const Loaded loaded = inputs.load();
  REQUIRE(loaded.problems == std::vector<Problem>{});
  const Acs& acs = loaded.settings.acs;
  CHECK(acs.used());
  CHECK(acs.connection_string == connection_string);
  CHECK(acs.endpoint == "http://127.0.0.1:8081");
  CHECK(acs.webhook_secrets == std::vector<std::string>{"new", "old"});
  CHECK(acs.event_grid_secrets == std::vector<std::string>{"delivery-word"});
  CHECK(acs.callback_issuer == "http://127.0.0.1:8082/");  // compared as it is written
  CHECK(acs.event_grid_jwks_url ==
        "https://login.microsoftonline.com/aaaaaaaa-2222-3333-4444-555555555555/discovery/v2.0/keys");
  CHECK(acs.event_grid_subscriptions == std::vector<std::string>{"CALLS", "recordings"});
  CHECK(acs.media_sample_rate == 24'000);
  CHECK_FALSE(acs.media_require_jwt);
  CHECK(acs.transcription);
  CHECK(acs.own_numbers == std::vector<std::string>{"+14155550100", "8:acs:resource_user"});
  CHECK_FALSE(acs.fetch_recordings);
  CHECK(acs.recording_hosts == std::vector<std::string>{"keeper.example", "10.0.0.1:8443"});
  CHECK(acs.max_recording_mb == 1);
  CHECK(acs.delete_fetched_recordings);
}

TEST_CASE("a connection string is taken in the forms that Azure's own clients take") {
  CHECK(takes_connection_string("Endpoint=https://a.example;AccessKey=AAAA;"));
  CHECK(takes_connection_string("accesskey=AAA=; endpoint=http://127.0.0.1:9000/"));
  CHECK(takes_connection_string("endpoint=http://localhost:9000;accesskey=AAAA;other=x"));
  CHECK_FALSE(takes_connection_string("endpoint=http://localhost:9000;accesskey=AAAA;x=" + std::string(4'096, 'x')));
  for (const char* wrong :
       {"x", "endpoint=https://a.example", "accesskey=AAAA",
        "endpoint=https://a.example;accesskey=", "endpoint=https://a.example;accesskey=!", "endpoint=;accesskey=AAAA",
        "endpoint=a.example;accesskey=AAAA", "endpoint=http://a.example;accesskey=AAAA",
        "endpoint=http://127.0.0.1.example;accesskey=AAAA", "endpoint=https://a.example/path;accesskey=AAAA",
        "endpoint=https://a.example;endpoint=https://b.example;accesskey=AAAA"}) {
    CAPTURE(wrong);
    CHECK_FALSE(takes_connection_string(wrong));
  }
}

TEST_CASE("a connection string that is refused is named and not shown") {
  FakeInputs inputs = least();
  inputs.environment["AZURE_COMMUNICATION_CONNECTION_STRING"] = "endpoint=https://a.example;acceskey=hunter2";
  const Loaded loaded = inputs.load();
  REQUIRE(loaded.problems.size() == 1);
  CHECK(loaded.problems[0].name == "AZURE_COMMUNICATION_CONNECTION_STRING");
  CHECK_THAT(loaded.problems[0].problem, !Contains("hunter2") && Contains("accesskey="));
}

TEST_CASE("secrets of Azure are masked when described") {
  FakeInputs inputs = least();
  inputs.environment["AZURE_WEBHOOK_SECRET"] = "hunter2";
  const Loaded loaded = inputs.load();
  for (const char* name :
       {"AZURE_COMMUNICATION_CONNECTION_STRING", "AZURE_EVENT_GRID_DELIVERY_SECRET", "AZURE_WEBHOOK_SECRET"}) {
    CHECK(shown(loaded, name) == "********");
  }
  CHECK(shown(loaded, "AZURE_COMMUNICATION_RESOURCE_ID") == guid);
  CHECK(shown(FakeInputs{}.load(), "AZURE_EVENT_GRID_JWKS_URL") == "the tenant's");
}

TEST_CASE("values of Azure out of shape are refused with the reason") {
  const auto [name, value, reason] = GENERATE(table<std::string, std::string, std::string>({
      {"AZURE_COMMUNICATION_ENDPOINT", "http://contoso.communication.azure.com", "must be https"},
      {"AZURE_COMMUNICATION_ENDPOINT", "contoso.communication.azure.com", "begins with https:// or http://"},
      {"AZURE_COMMUNICATION_ENDPOINT", "https://contoso.communication.azure.com/calling", "must have no path"},
      {"AZURE_COMMUNICATION_RESOURCE_ID", "/subscriptions/x/resourceGroups/y", "is a GUID, not a path"},
      {"AZURE_CLIENT_ID", "me", "is not a GUID"},
      {"AZURE_CLIENT_ID", guid + "0", "is not a GUID"},
      {"AZURE_COMMUNICATION_API_VERSION", "latest", "is not a version such as 2025-05-15"},
      {"AZURE_COMMUNICATION_API_VERSION", "2025-05-15&x=1", "is not a version"},
      {"AZURE_CALLBACK_JWKS_URL", "http://keys.example/keys", "must be https"},
      {"AZURE_EVENT_GRID_DELIVERY_SECRET", "a,,b", "empty item"},
      {"AZURE_EVENT_GRID_DELIVERY_SECRET", "a b", "holds a blank"},
      {"AZURE_EVENT_GRID_SECRET_HEADER", "X Secret", "is not a header's name"},
      {"AZURE_EVENT_GRID_SECRET_HEADER", "authorization", "where tokens come"},
      {"AZURE_EVENT_GRID_TENANT", "contoso.onmicrosoft.com", "is a GUID"},
      {"AZURE_EVENT_GRID_JWKS_URL", "ftp://x", "begins with https://"},
      {"AZURE_MEDIA_SAMPLE_RATE", "8000", "is not one of 16000, 24000"},
      {"AZURE_MEDIA_REQUIRE_JWT", "maybe", "neither true nor false"},
      {"AZURE_OWN_NUMBERS", "0415550100", "is neither a number in E.164 form"},
      {"AZURE_OWN_NUMBERS", "8:", "nor a raw id"},
      {"AZURE_RECORDING_HOSTS", "https://keeper.example", "is not a host name"},
      {"AZURE_RECORDING_HOSTS", "keeper.example/path", "is not a host name"},
      {"AZURE_RECORDING_HOSTS", "keeper.example:0", "is not a host name"},
      {"AZURE_RECORDING_HOSTS", "keeper.example:65536", "is not a host name"},
      {"AZURE_RECORDING_HOSTS", ":443", "is not a host name"},
  }));
  CAPTURE(name, value);
  CHECK_THAT(problem_with(name, value), Contains(reason));
}

TEST_CASE("what Azure's service needs besides its address is asked for, all at once") {
  FakeInputs inputs;
  inputs.environment["AZURE_COMMUNICATION_ENDPOINT"] = "https://contoso.communication.azure.com";
  const Loaded loaded = inputs.load();
  CHECK(loaded.problems.size() == 2);
  CHECK_THAT(problem_of(loaded, "AZURE_COMMUNICATION_RESOURCE_ID").problem, Contains("is missing"));
  CHECK_THAT(problem_of(loaded, "AZURE_EVENT_GRID_DELIVERY_SECRET").problem, Contains("AZURE_WEBHOOK_SECRET"));

  // A value that is refused is one problem and not two.
  inputs.environment["AZURE_COMMUNICATION_RESOURCE_ID"] = "/subscriptions/x";
  inputs.environment["AZURE_EVENT_GRID_DELIVERY_SECRET"] = "a b";
  CHECK(inputs.load().problems.size() == 2);
  inputs.environment["AZURE_COMMUNICATION_ENDPOINT"] = "http://contoso.communication.azure.com";
  CHECK(inputs.load().problems.size() == 3);
}

TEST_CASE("any one proof of events is enough, and a token's two halves belong together") {
  FakeInputs inputs = least();
  CHECK(inputs.load().ok());
  inputs.environment.erase("AZURE_EVENT_GRID_DELIVERY_SECRET");
  CHECK_FALSE(inputs.load().ok());
  inputs.environment["AZURE_WEBHOOK_SECRET"] = "secret";
  CHECK(inputs.load().ok());
  inputs.environment.erase("AZURE_WEBHOOK_SECRET");
  inputs.environment["AZURE_EVENT_GRID_AUDIENCE"] = guid;
  CHECK_THAT(problem_of(inputs.load(), "AZURE_EVENT_GRID_TENANT").problem, Contains("belong together"));
  inputs.environment["AZURE_EVENT_GRID_TENANT"] = guid;
  CHECK(inputs.load().ok());
  inputs.environment.erase("AZURE_EVENT_GRID_AUDIENCE");
  CHECK_THAT(problem_of(inputs.load(), "AZURE_EVENT_GRID_AUDIENCE").problem, Contains("belong together"));
}

TEST_CASE("the service's own transcription needs somebody who does it") {
  FakeInputs inputs = least();
  inputs.environment["AZURE_TRANSCRIPTION"] = "true";
  CHECK_THAT(problem_of(inputs.load(), "AZURE_COGNITIVE_SERVICES_ENDPOINT").problem, Contains("AZURE_TRANSCRIPTION"));
}

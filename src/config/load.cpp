#include "config/document.hpp"
#include "config/nearest.hpp"
#include "config/values.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/config/load.hpp>

#include <algorithm>

namespace trunkline::config {
namespace {

constexpr std::size_t max_echo_bytes = 80;

class Loader {
 public:
  explicit Loader(const Inputs& inputs) : in_(inputs) {}

  Loaded run() {
    read_document();
    check_flag_names();
    for (const Option& option : options()) read_option(option);
    derive();
    check_together();
    return std::move(out_);
  }

 private:
  /// A value as its layer gives it, and what it is called there.
  struct Given {
    std::string name;
    std::string text;
  };

  void read_document() {
    std::filesystem::path file = in_.file;
    if (file.empty()) file = in_.environment("TRUNKLINE_CONFIG").value_or("");
    if (file.empty()) return;
    const auto text = in_.read_file(file);
    if (!text) {
      return wrong(in_.file.empty() ? "TRUNKLINE_CONFIG" : "--config", quoted(file.string()) + text.error().message,
                   "/etc/trunkline/trunkline.yaml");
    }
    document_ = parse_document(*text);
    out_.settings.routes = document_.routes;
    out_.problems = document_.problems;
  }

  void check_flag_names() {
    std::vector<std::string_view> known;
    std::vector<std::string> file_names;
    for (const Option& option : options()) {
      known.push_back(option.name);
      if (option.secret) file_names.push_back(file_variant(option.name));
    }
    known.insert(known.end(), file_names.begin(), file_names.end());
    for (const auto& [name, value] : in_.flags) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const std::string near(nearest(name, known));
      wrong("--set " + name, "is not known" + (near.empty() ? "" : "; did you mean " + near + "?"), "");
    }
  }

  std::optional<std::string> from(Source source, const std::string& name, const std::string& path) const {
    if (source == Source::environment) {
      auto text = in_.environment(name);
      return text && text->empty() ? std::nullopt : std::move(text);
    }
    const auto& values = source == Source::flag ? in_.flags : document_.values;
    const auto found = values.find(source == Source::flag ? name : path);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }

  /// What the highest layer that mentions the option says.
  std::optional<Given> find(const Option& option) {
    const std::string name(option.name);
    const std::string path(option.path);
    for (const Source source : {Source::flag, Source::environment, Source::file}) {
      const bool in_document = source == Source::file;
      const auto text = from(source, name, path);
      const auto file = option.secret ? from(source, file_variant(name), path + "_file") : std::nullopt;
      const std::string& shown = in_document ? path : name;
      const std::string shown_file = in_document ? path + "_file" : file_variant(name);
      if (!text && !file) continue;
      out_.sources[option.name] = source;
      if (text && file) {
        out_.refused.insert(option.name);
        wrong(shown, "and " + shown_file + " are both set; only one may be", std::string(option.example));
        return std::nullopt;
      }
      return file ? read_secret(option, {shown_file, *file}) : Given{shown, *text};
    }
    return std::nullopt;
  }

  /// `given` names the file.
  std::optional<Given> read_secret(const Option& option, const Given& given) {
    const auto text = in_.read_file(given.text);
    const std::string secret(text ? text::trim(*text) : "");
    if (!secret.empty()) return Given{given.name, secret};
    out_.refused.insert(option.name);
    wrong(given.name, quoted(given.text) + (text ? "is empty" : text.error().message),
          "/run/secrets/" + text::lower(option.name));
    return std::nullopt;
  }

  void read_option(const Option& option) {
    const auto given = find(option);
    if (!given || given->text.empty()) return;  // an empty flag asks for the default
    const auto read = assign(option, out_.settings, given->text);
    if (read) return;
    out_.refused.insert(option.name);
    const std::string value = may_hold_secret(option, given->text) ? "" : quoted(given->text);
    wrong(given->name, value + read.error().message, std::string(option.example));
  }

  void derive() {
    Settings& settings = out_.settings;
    if (settings.server.public_url.empty()) {
      const std::string scheme = settings.server.tls_certificate.empty() ? "http" : "https";
      settings.server.public_url = scheme + "://127.0.0.1:" + std::to_string(settings.server.port);
    }
    // The key's owner writes either form; the streaming API is a WebSocket.
    if (settings.deepgram.url.starts_with("http")) settings.deepgram.url.replace(0, 4, "ws");
    Acs& acs = settings.acs;
    if (acs.event_grid_jwks_url.empty() && !acs.event_grid_tenant.empty()) {
      acs.event_grid_jwks_url =
          "https://login.microsoftonline.com/" + text::lower(acs.event_grid_tenant) + "/discovery/v2.0/keys";
    }
    if (settings.recording.dir.empty()) settings.recording.dir = settings.data_dir / "recordings";
  }

  void check_together() {
    const Settings& settings = out_.settings;
    const Security& security = settings.security;
    if (settings.server.tls_certificate.empty() != settings.server.tls_key.empty()) {
      const std::string_view missing = settings.server.tls_key.empty() ? "TLS_KEY_FILE" : "TLS_CERT_FILE";
      wrong_variable(missing, "is missing: a certificate and its key belong together");
    }
    if (int{!security.jwt_secret.empty()} + int{!security.jwt_public_key.empty()} + int{!security.jwt_jwks.empty()} >
        1) {
      wrong("JWT_SECRET, JWT_PUBLIC_KEY_FILE, JWT_JWKS_FILE",
            "are alternatives; only one may be set, because it fixes how tokens are signed", "");
      out_.refused.insert({"JWT_SECRET", "JWT_PUBLIC_KEY_FILE", "JWT_JWKS_FILE"});
    }
    const Redis& redis = settings.redis;
    if (redis.sentinels.empty() != redis.sentinel_master.empty()) {
      const std::string_view missing = redis.sentinels.empty() ? "REDIS_SENTINELS" : "REDIS_SENTINEL_MASTER";
      wrong_variable(missing, "is missing: Sentinels and the name of their master belong together");
    }
    if (!redis.sentinel_user.empty() && redis.sentinel_password.empty()) {
      wrong_variable("REDIS_SENTINEL_PASSWORD", "is missing: a user of the Sentinels has one");
    }
    check_readable("REDIS_CA_FILE", redis.ca_file);
    if (settings.event_grid.endpoint.empty() != settings.event_grid.access_key.empty()) {
      wrong_variable(settings.event_grid.endpoint.empty() ? "AZURE_EVENT_GRID_ENDPOINT" : "AZURE_EVENT_GRID_ACCESS_KEY",
                     "is missing: an endpoint and its key belong together");
    }
    check_acs(settings.acs);
    check_readable("TLS_CERT_FILE", settings.server.tls_certificate);
    check_readable("TLS_KEY_FILE", settings.server.tls_key);
    check_readable("JWT_PUBLIC_KEY_FILE", security.jwt_public_key);
    check_readable("JWT_JWKS_FILE", security.jwt_jwks);
    for (const Route& route : settings.routes) {
      if (route.engine == "deepgram" && settings.deepgram.api_key.empty()) {
        wrong_variable("DEEPGRAM_API_KEY", "is missing: route '" + route.name + "' asks for deepgram");
      }
    }
  }

  void check_acs(const Acs& acs) {
    const bool audience = is_given("AZURE_EVENT_GRID_AUDIENCE", acs.event_grid_audience);
    const bool tenant = is_given("AZURE_EVENT_GRID_TENANT", acs.event_grid_tenant);
    if (audience != tenant) {
      wrong_variable(audience ? "AZURE_EVENT_GRID_TENANT" : "AZURE_EVENT_GRID_AUDIENCE",
                     "is missing: an audience and the tenant of its tokens belong together");
    }
    if (acs.transcription && !is_given("AZURE_COGNITIVE_SERVICES_ENDPOINT", acs.cognitive_services_endpoint)) {
      wrong_variable("AZURE_COGNITIVE_SERVICES_ENDPOINT", "is missing: AZURE_TRANSCRIPTION is done there");
    }
    if (!is_given("AZURE_COMMUNICATION_CONNECTION_STRING", acs.connection_string) &&
        !is_given("AZURE_COMMUNICATION_ENDPOINT", acs.endpoint)) {
      return;
    }
    if (!is_given("AZURE_COMMUNICATION_RESOURCE_ID", acs.resource_id)) {
      wrong_variable("AZURE_COMMUNICATION_RESOURCE_ID", "is missing: callbacks are proven by tokens for it");
    }
    if (!audience && !is_given("AZURE_EVENT_GRID_DELIVERY_SECRET", acs.event_grid_secrets) &&
        !is_given("AZURE_WEBHOOK_SECRET", acs.webhook_secrets)) {
      wrong_variable("AZURE_EVENT_GRID_DELIVERY_SECRET",
                     "is missing, and so are AZURE_EVENT_GRID_AUDIENCE and AZURE_WEBHOOK_SECRET: without one of them "
                     "nothing proves that an incoming call is one");
    }
  }

  // What is refused was given, and is not missing besides.
  bool is_given(std::string_view name, const auto& value) const {
    return !value.empty() || out_.refused.contains(name);
  }

  void check_readable(std::string_view name, const std::filesystem::path& file) {
    if (file.empty()) return;
    const auto text = in_.read_file(file);
    if (!text) wrong_variable(name, quoted(file.string()) + text.error().message);
  }

  // A URL carries one as its user or in its query, and whoever writes it in the wrong place means the same.
  static bool may_hold_secret(const Option& option, std::string_view text) {
    return option.secret || text.find_first_of("@?") != std::string_view::npos;
  }

  static std::string quoted(const std::string& value) {
    const std::string text = text::valid_utf8(value);
    return "'" + (text.size() > max_echo_bytes ? text.substr(0, max_echo_bytes) + "..." : text) + "' ";
  }

  void wrong_variable(std::string_view name, std::string problem) {
    const auto table = options();
    const auto option = std::find_if(table.begin(), table.end(), [&](const Option& o) { return o.name == name; });
    out_.refused.insert(option->name);
    wrong(std::string(name), std::move(problem), std::string(option->example));
  }

  void wrong(std::string name, std::string problem, std::string example) {
    out_.problems.push_back({std::move(name), std::move(problem), std::move(example)});
  }

  const Inputs& in_;
  Document document_;
  Loaded out_;
};

}  // namespace

Loaded load(const Inputs& inputs) {
  return Loader(inputs).run();
}

std::string_view to_string(Source source) {
  constexpr std::string_view names[] = {"default", "file", "environment", "flag"};
  return names[static_cast<std::size_t>(source)];
}

std::vector<Effective> describe(const Loaded& loaded) {
  std::vector<Effective> rows;
  for (const Option& option : options()) {
    std::string value = show(option, loaded.settings);
    if (loaded.refused.contains(option.name)) {
      value = "(wrong)";
    } else if (value.empty()) {
      value = option.derived;
    } else if (option.secret) {
      value = "********";
    }
    const auto source = loaded.sources.find(option.name);
    rows.push_back({std::string(option.name), std::move(value),
                    source == loaded.sources.end() ? Source::standard : source->second});
  }
  return rows;
}

}  // namespace trunkline::config

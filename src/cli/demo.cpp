#include "cli/demo.hpp"

#include <trunkline/adapters/sample_call.hpp>
#include <trunkline/auth/authenticator.hpp>
#include <trunkline/auth/jwt.hpp>
#include <trunkline/calls/call.hpp>
#include <trunkline/net/client.hpp>
#include <trunkline/sim/acs_call.hpp>
#include <trunkline/sim/twilio_call.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace trunkline::cli {
namespace {

using nlohmann::json;

constexpr milliseconds speak_after{3'500};  // the greeting is over by then
constexpr milliseconds opening_limit{2'000};
constexpr milliseconds tail{15'000};  // after the hang-up: recording and last words
constexpr std::chrono::hours token_life{12};

// What is worth showing of an event's data, in a few words.
std::string describe(const std::string& type, const json& event) {
  const json& data = event.at("data");
  const auto text = [&](const char* key) {
    return data.contains(key) && data[key].is_string() ? data[key].get<std::string>() : "";
  };
  if (type == "transcript.segment") {
    char line[80];
    std::snprintf(line, sizeof line, "%5.1f s  ", data.value("startMs", 0.0) / 1000);
    return line + ("\"" + text("text") + "\"");
  }
  if (type == "call.received") return text("from") + " -> " + text("to");
  if (type == "call.status") return event.value("state", "");
  if (type == "media.ended") return text("cause") + ", " + std::to_string(data.value("durationMs", 0)) + " ms";
  if (type == "recording.completed")
    return std::to_string(data.value("sizeBytes", 0)) + " bytes, sha256 " + text("sha256").substr(0, 12);
  if (type == "quality.summary") return text("score");
  if (type == "transcript.trouble") return text("message");
  if (type == "transcript.ended") return std::to_string(data.value("segments", 0)) + " segments";
  if (type == "call.closed") return text("reason");
  return event.value("state", "");
}

// By its name: which day's folder it is in was decided when the call began, and only the store knows.
std::filesystem::path find_recording(const std::filesystem::path& folder, const std::string& id) {
  std::error_code ignored;
  const std::filesystem::recursive_directory_iterator end;
  for (std::filesystem::recursive_directory_iterator at(folder, ignored); at != end; at.increment(ignored)) {
    if (at->path().stem() == id) return at->path();
  }
  return folder;
}

}  // namespace

class Demo::Impl : public std::enable_shared_from_this<Demo::Impl> {
 public:
  Impl(const app::App& app, sim::AcsService* acs, bool once, std::function<void(bool)> done)
      : app_(app),
        acs_(acs),
        once_(once),
        done_(std::move(done)),
        ids_(make_ids(system_clock())),
        wake_(worker_.context()) {}
  ~Impl() { worker_.stop(); }

  void start() {
    asio::co_spawn(worker_.context(), run(), asio::detached);
    worker_.start();
  }

  /// Prints the stream of events; what the summary needs is remembered.
  void show(std::string_view message) {
    const json event = json::parse(message);
    const std::string type = event.at("type");
    if (!event.contains("seq")) return;
    std::cout << "  " << event.value("at", "").substr(11, 12) << "  " << type
              << std::string(type.size() < 22 ? 22 - type.size() : 1, ' ') << describe(type, event) << '\n'
              << std::flush;
    Shown& call = shown(event.value("callId", ""));
    if (type == "transcript.segment") ++call.segments;
    if (type == "transcript.ended") call.transcript_over = true;
    if (type == "recording.completed") call.recording_id = event["data"].value("recordingId", "");
    call.state = event.value("state", call.state);
    // The carrier's word, the last that comes from it: the call may be ENDED before by the end of its media.
    const auto state = calls::parse_state(event.value("state", ""));
    if (type == "call.status" && state && calls::is_terminal(*state)) call.over = true;
    wake_.cancel();
  }

 private:
  /// What the events have told of one call.
  struct Shown {
    std::string provider;
    std::string id;
    std::string state;
    std::string recording_id;
    int segments = 0;
    bool over = false;
    bool transcript_over = false;

    bool told_all() const { return over && transcript_over && !recording_id.empty(); }
  };

  // The one that is being placed, unless it is an earlier one, which is late with something.
  Shown& shown(const std::string& call_id) {
    for (Shown& call : calls_) {
      if (call.id == call_id) return call;
    }
    Shown& call = calls_.back();
    if (call.id.empty()) call.id = call_id;
    return call;
  }

  class Printer final : public net::WebSocketHandler {
   public:
    explicit Printer(Impl& demo) : demo_(demo) {}
    void on_open(net::WebSocket&) override {
      demo_.listening_ = true;
      demo_.wake_.cancel();
    }
    void on_text(std::string_view message) override { demo_.show(message); }
    void on_binary(std::span<const std::uint8_t>) override {}
    void on_close(const net::CloseInfo& info) override {
      if (!demo_.listening_) std::cout << "the event stream did not open: " << info.reason << '\n' << std::flush;
    }

   private:
    Impl& demo_;
  };

  asio::awaitable<void> run() {
    origin_ = "http://127.0.0.1:" + std::to_string(app_.port());
    auto token = make_token();
    if (!token) {
      std::cout << "the demonstration needs a token: " << token.error().message << '\n' << std::flush;
      co_return done_(false);
    }
    token_ = std::move(*token);
    std::cout << "\nTrunkline is serving at " << origin_ << '\n' << std::flush;
    net::WebSocketRequest events;
    events.url = "ws" + origin_.substr(4) + "/api/v1/events";
    events.headers = {{"Authorization", "Bearer " + token_}};
    net::open_websocket(worker_, std::move(events), std::make_shared<Printer>(*this));
    co_await wait_until(opening_limit, &Impl::listening);
    auto twilio = place_twilio();
    bool good = co_await show_call("Twilio", std::move(twilio));
    if (good && acs_ != nullptr) {
      auto acs = place_acs();
      good = co_await show_call("Azure Communication Services", std::move(acs));
    }
    if (good) summarise();
    done_(good);
  }

  asio::awaitable<bool> show_call(const char* provider, asio::awaitable<Result<sim::CallReport>> place) {
    calls_.emplace_back().provider = provider;
    std::cout << "\nA caller rings by way of " << provider << ", hears a greeting, and answers a spoken menu:\n\n"
              << std::flush;
    const auto report = co_await std::move(place);
    if (!report) {
      std::cout << "the call failed: " << report.error().message << '\n' << std::flush;
      co_return false;
    }
    co_await wait_until(tail, &Impl::told_all);
    if (told_all() && calls_.back().segments > 0) co_return true;
    std::cout << "the call was not told to its end" << (report->media_error.empty() ? "" : ": " + report->media_error)
              << '\n'
              << std::flush;
    co_return false;
  }

  asio::awaitable<Result<sim::CallReport>> place_twilio() {
    const auto& settings = app_.settings();
    sim::TwilioCallPlan plan;
    plan.target = origin_;
    plan.public_url = settings.server.public_url;
    plan.auth_token = settings.twilio.auth_tokens.front();
    plan.account_sid = settings.twilio.account_sid;
    auto caller = adapters::sample_call(speak_after.count());
    if (caller) plan.audio = std::move(caller->audio);
    return sim::place_twilio_call(worker_, std::move(plan), *ids_, system_clock());
  }

  // On the service's own thread, where its calls live.
  asio::awaitable<Result<sim::CallReport>> place_acs() {
    const auto& settings = app_.settings();
    sim::AcsCallPlan plan;
    plan.target = origin_;
    plan.event_grid.handshake = true;
    plan.event_grid.secret_header = settings.acs.event_grid_secret_header;
    plan.event_grid.secret = settings.acs.event_grid_secrets.front();
    auto caller = adapters::sample_call(speak_after.count());
    if (caller) plan.audio = std::move(caller->audio);
    return asio::co_spawn(acs_->worker().context(), sim::place_acs_call(*acs_, std::move(plan), *ids_, system_clock()),
                          asio::use_awaitable);
  }

  bool listening() const { return listening_; }
  bool told_all() const { return calls_.back().told_all(); }

  /// Every event wakes it; the limit is for those that never come.
  asio::awaitable<void> wait_until(milliseconds limit, bool (Impl::*holds)() const) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!(this->*holds)() && std::chrono::steady_clock::now() < deadline) {
      wake_.expires_at(deadline);
      boost::system::error_code woken;
      co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
  }

  Result<std::string> make_token() const {
    const auto& settings = app_.settings();
    const auto secret = auth::signing_secret(settings.security, settings.data_dir, *ids_);
    if (!secret) return secret.error();
    return auth::issue_token(
        *secret, {"demo", {"admin"}, token_life, {settings.security.jwt_issuer, settings.security.jwt_audience}},
        system_clock());
  }

  void summarise() const {
    std::cout << "\nThe recordings, left the caller, right us:\n\n";
    for (const Shown& call : calls_) {
      const auto file = find_recording(app_.settings().recording.dir, call.recording_id);
      std::cout << "  " << call.provider << ": " << call.state << ", understood " << call.segments
                << (call.segments == 1 ? " time" : " times") << "\n  " << file.string() << "\n\n";
    }
    const Shown& call = calls_.back();
    std::cout << "Look around (the token is good for twelve hours):\n\n"
              << "  TOKEN=" << token_ << "\n"
              << "  curl -H \"Authorization: Bearer $TOKEN\" " << origin_ << "/api/v1/calls/" << call.id << "\n"
              << "  curl -H \"Authorization: Bearer $TOKEN\" -H 'Accept: text/plain' " << origin_ << "/api/v1/calls/"
              << call.id << "/transcript\n"
              << "  curl -H \"Authorization: Bearer $TOKEN\" -o call.wav " << origin_ << "/api/v1/media-recordings/"
              << call.recording_id << "/audio\n\n"
              << "  " << origin_ << "/docs      the API\n"
              << "  " << origin_ << "/metrics   figures for Prometheus\n"
              << "  " << origin_ << "/readyz    readiness\n\n"
              << (once_ ? "The demonstration is over." : "Serving until Ctrl-C.") << '\n'
              << std::flush;
  }

  const app::App& app_;
  sim::AcsService* const acs_;
  const bool once_;
  std::function<void(bool)> done_;
  std::unique_ptr<Ids> ids_;
  net::Worker worker_{0};
  asio::steady_timer wake_;
  std::string origin_;
  std::string token_;
  std::vector<Shown> calls_;
  bool listening_ = false;
};

Demo::Demo(const app::App& app, sim::AcsService* acs, bool once, std::function<void(bool)> done)
    : impl_(std::make_unique<Impl>(app, acs, once, std::move(done))) {
  impl_->start();
}

Demo::~Demo() = default;

}  // namespace trunkline::cli

#include "cli/demo.hpp"

#include <trunkline/adapters/sample_call.hpp>
#include <trunkline/auth/authenticator.hpp>
#include <trunkline/auth/jwt.hpp>
#include <trunkline/calls/call.hpp>
#include <trunkline/net/client.hpp>
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
  Impl(const app::App& app, bool once, std::function<void(bool)> done)
      : app_(app), once_(once), done_(std::move(done)), ids_(make_ids(system_clock())), wake_(worker_.context()) {}
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
    call_id_ = event.value("callId", "");
    if (type == "transcript.segment") ++segments_;
    if (type == "transcript.ended") transcript_over_ = true;
    if (type == "recording.completed") recording_id_ = event["data"].value("recordingId", "");
    // The carrier's word, the last that comes from it: the call may be ENDED before by the end of its media.
    const auto state = calls::parse_state(event.value("state", ""));
    if (type == "call.status" && state && calls::is_terminal(*state)) call_over_ = true;
    wake_.cancel();
  }

 private:
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
    const auto& settings = app_.settings();
    origin_ = "http://127.0.0.1:" + std::to_string(app_.port());
    auto token = make_token();
    if (!token) {
      std::cout << "the demonstration needs a token: " << token.error().message << '\n' << std::flush;
      co_return done_(false);
    }
    token_ = std::move(*token);
    std::cout << "\nTrunkline is serving at " << origin_
              << "\n\nA caller rings, hears a greeting, and answers a spoken menu:\n"
              << '\n'
              << std::flush;
    net::open_websocket(
        worker_,
        {.url = "ws" + origin_.substr(4) + "/api/v1/events", .headers = {{"Authorization", "Bearer " + token_}}},
        std::make_shared<Printer>(*this));
    co_await wait_until(opening_limit, &Impl::listening);

    sim::TwilioCallPlan plan;
    plan.target = origin_;
    plan.public_url = settings.server.public_url;
    plan.auth_token = settings.twilio.auth_tokens.front();
    plan.account_sid = settings.twilio.account_sid;
    auto caller = adapters::sample_call(speak_after.count());
    if (caller) plan.audio = std::move(caller->audio);
    const auto report = co_await sim::place_twilio_call(worker_, std::move(plan), *ids_, system_clock());
    if (!report) {
      std::cout << "the call failed: " << report.error().message << '\n' << std::flush;
      co_return done_(false);
    }
    co_await wait_until(tail, &Impl::told_all);
    summarise();
    done_(told_all() && segments_ > 0);
  }

  bool listening() const { return listening_; }
  bool told_all() const { return call_over_ && transcript_over_ && !recording_id_.empty(); }

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
    const auto file = find_recording(app_.settings().recording.dir, recording_id_);
    std::cout << "\nThe recording, left the caller, right us:\n\n  " << file.string() << "\n\n"
              << "Look around (the token is good for twelve hours):\n\n"
              << "  TOKEN=" << token_ << "\n"
              << "  curl -H \"Authorization: Bearer $TOKEN\" " << origin_ << "/api/v1/calls/" << call_id_ << "\n"
              << "  curl -H \"Authorization: Bearer $TOKEN\" -H 'Accept: text/plain' " << origin_ << "/api/v1/calls/"
              << call_id_ << "/transcript\n"
              << "  curl -H \"Authorization: Bearer $TOKEN\" -o call.wav " << origin_ << "/api/v1/media-recordings/"
              << recording_id_ << "/audio\n\n"
              << "  " << origin_ << "/docs      the API\n"
              << "  " << origin_ << "/metrics   figures for Prometheus\n"
              << "  " << origin_ << "/readyz    readiness\n\n"
              << (once_ ? "The demonstration is over." : "Serving until Ctrl-C.") << '\n'
              << std::flush;
  }

  const app::App& app_;
  const bool once_;
  std::function<void(bool)> done_;
  std::unique_ptr<Ids> ids_;
  net::Worker worker_{0};
  asio::steady_timer wake_;
  std::string origin_;
  std::string token_;
  std::string call_id_;
  std::string recording_id_;
  int segments_ = 0;
  bool listening_ = false;
  bool call_over_ = false;
  bool transcript_over_ = false;
};

Demo::Demo(const app::App& app, bool once, std::function<void(bool)> done)
    : impl_(std::make_unique<Impl>(app, once, std::move(done))) {
  impl_->start();
}

Demo::~Demo() = default;

}  // namespace trunkline::cli

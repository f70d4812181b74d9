#include "events/webhook_pump.hpp"

#include "events/webhook_signature.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/net/client.hpp>
#include <trunkline/net/url.hpp>
#include <trunkline/observe/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <utility>

namespace trunkline::events::webhooks {
namespace {

using store::Sql;

constexpr std::size_t page_size = 500;
constexpr std::size_t max_answer = 64 * 1024;         // it is read so that the receiver can finish, and dropped
constexpr milliseconds claim_beyond_timeout{15'000};  // with the default time limit: half a minute
constexpr milliseconds renew_early{10'000};
constexpr milliseconds pause_after_error{1'000};
constexpr milliseconds ending_limit{4'000};

std::string json_text(std::string_view text) {
  std::string out;
  text::append_json_string(out, text);
  return out;
}

std::string body_with(std::string_view type, WallTime at, std::string_view data) {
  return "{\"type\":" + json_text(type) + ",\"timestamp\":" + json_text(text::to_rfc3339(at)) +
         ",\"data\":" + std::string(data) + "}";
}

net::ClientRequest request_to(const Endpoint& endpoint, const Delivery& delivery, std::string body,
                              const std::string& signature, WallTime now) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = endpoint.url;
  request.headers = {{"Content-Type", "application/json"},
                     {"User-Agent", "Trunkline-Webhooks/1"},
                     {"webhook-id", delivery.id},
                     {"webhook-timestamp", std::to_string(to_millis(now) / 1'000)},
                     {"webhook-signature", signature}};
  request.body = std::move(body);
  request.max_body_bytes = max_answer;
  request.body_matters = false;
  return request;
}

}  // namespace

Sender::Pump::Pump(Sender& sender, std::string endpoint_id)
    : sender_(sender), endpoint_id_(std::move(endpoint_id)), wakeup_(sender.parts_.worker.context()) {}

void Sender::Pump::start() {
  asio::co_spawn(sender_.parts_.worker.context(), [self = shared_from_this()] { return self->run(); }, asio::detached);
}

void Sender::Pump::look_again(std::optional<std::int64_t> touched) {
  if (touched && std::exchange(touched_, *touched) != *touched) asked_ = true;
  log_grew_ = true;
  wakeup_.wake_now();
}

void Sender::Pump::room() {
  if (!std::exchange(starved_, false)) return;
  asked_ = true;
  wakeup_.wake_now();
}

void Sender::Pump::end() {
  ending_ = sender_.parts_.clock.wall();
  wakeup_.wake_now();
}

asio::awaitable<void> Sender::Pump::run() {
  for (bool more = true; more;) more = co_await turn();  // as a condition g++ 12 makes a trap of it
  sender_.ended(*this);
}

asio::awaitable<bool> Sender::Pump::turn() {
  wakeup_.take();
  co_await read_log();
  const WallTime now = sender_.parts_.clock.wall();
  if (has_work(now) && may_step()) {
    const Step step = next_step(now);
    const MonoTime claimed_until = sender_.parts_.clock.mono() + step.claim;
    auto work = [&step](Sql& sql) { return run_step(sql, step); };
    auto result = co_await sender_.parts_.database.write<StepResult>(work);
    if (!result) {
      log::warn("webhooks wait for the store", {{"endpointId", endpoint_id_}, {"reason", result.error().message}});
      first_ = first_ || result.error().code == "store_in_doubt";
      co_await pause(pause_after_error);
      co_return !is_over(now);
    }
    lost_ = !result->mine;
    if (lost_) co_return false;
    claimed_until_ = claimed_until;
    take(step, std::move(*result));
  }
  if (is_over(now)) {
    co_await let_go();
    co_return false;
  }
  if (!has_work(now) || !may_step()) co_await wakeup_.rest(rest_time(now));
  co_return true;
}

bool Sender::Pump::is_over(WallTime now) const {
  if (ending_ && now >= *ending_ + ending_limit) return true;
  return in_flight_ == 0 && sent_.empty() && (ending_ || !endpoint_.enabled);
}

asio::awaitable<void> Sender::Pump::let_go() {
  lost_ = true;
  auto work = [this](Sql& sql) -> Result<bool> {
    release(sql, endpoint_id_, sender_.parts_.node_id);
    return true;
  };
  const auto released = co_await sender_.parts_.database.write<bool>(work);
  if (!released) {
    log::warn("a webhook endpoint stays claimed for a while",
              {{"endpointId", endpoint_id_}, {"reason", released.error().message}});
  }
}

asio::awaitable<void> Sender::Pump::read_log() {
  if (!known_ || !endpoint_.enabled || ending_ || full_ || !log_grew_ || !log_.events.empty()) co_return;
  log_grew_ = false;
  const std::int64_t after = endpoint_.cursor;
  auto events = co_await sender_.parts_.calls.events_after(after, page_size);
  if (!events) co_return;  // the next look comes soon
  log_grew_ = log_grew_ || events->size() == page_size;
  log_ = {after, std::move(*events), {}};
  for (std::size_t i = 0; i < log_.events.size(); ++i) log_.delivery_ids.push_back(sender_.parts_.ids.make("msg"));
}

bool Sender::Pump::has_work(WallTime now) const {
  const bool renews = sender_.parts_.clock.mono() >= claimed_until_ - renew_early;
  return asked_ || first_ || !sent_.empty() || !log_.events.empty() || renews || (next_ && now >= *next_);
}

// After a doubt about what is in the store: only once nothing of ours is under way.
bool Sender::Pump::may_step() const {
  return !first_ || in_flight_ == 0;
}

milliseconds Sender::Pump::rest_time(WallTime now) const {
  const auto claimed = std::chrono::ceil<milliseconds>(claimed_until_ - sender_.parts_.clock.mono());
  milliseconds rest = std::max(claimed - renew_early, pause_after_error);
  if (next_) rest = std::min(rest, *next_ - now);
  if (ending_) rest = std::min(rest, *ending_ + ending_limit - now);
  return std::max(rest, milliseconds(1));
}

Step Sender::Pump::next_step(WallTime now) const {
  const auto& settings = sender_.parts_.settings;
  const std::size_t left = settings.concurrency - std::min(settings.concurrency, sender_.in_flight_);
  return {endpoint_id_, sender_.parts_.node_id,
          first_,       ending_.has_value(),
          in_flight_,   std::min(sender_.limit_per_endpoint(), in_flight_ + left),
          now,          settings.timeout + claim_beyond_timeout,
          sent_,        log_};
}

void Sender::Pump::take(const Step& step, StepResult result) {
  tell(step, result);
  sent_.erase(sent_.begin(), sent_.begin() + static_cast<std::ptrdiff_t>(step.sent.size()));
  first_ = false;
  asked_ = false;
  known_ = true;
  starved_ = step.limit < sender_.limit_per_endpoint();
  // Where there was no room the log is read again once there is some.
  log_grew_ = log_grew_ || full_ || result.endpoint.cursor != endpoint_.cursor;
  full_ = result.full;
  log_ = {};
  endpoint_ = std::move(result.endpoint);
  next_ = result.next;
  for (auto& sending : result.sending) {
    ++in_flight_;
    sender_.under_way(1);
    asio::co_spawn(
        sender_.parts_.worker.context(),
        [self = shared_from_this(), sending = std::move(sending)] { return self->send(sending); }, asio::detached);
  }
}

void Sender::Pump::tell(const Step& step, const StepResult& result) const {
  auto& metrics = sender_.parts_.metrics;
  for (std::size_t i = 0; i < step.sent.size(); ++i) {
    const Sent& sent = step.sent[i];
    const Judgement& judgement = result.judgements[i];
    const char* const word = judgement.fate == Fate::delivered ? "delivered"
                             : judgement.gone                  ? "gone"
                             : judgement.fate == Fate::dead    ? "dead"
                                                               : "failed";
    metrics.webhook_deliveries(word).add();
    metrics.webhook_delivery_duration().observe(sent.took);
    const log::Fields fields = {{"endpointId", endpoint_id_},           {"deliveryId", sent.what.delivery.id},
                                {"callId", sent.what.delivery.call_id}, {"attempts", judgement.attempts},
                                {"status", sent.answer.status},         {"reason", sent.answer.error}};
    if (judgement.fate == Fate::dead) log::warn("a webhook was given up", fields);
    if (judgement.gone) log::warn("a webhook endpoint is gone and was disabled", fields);
    if (judgement.paused) log::warn("a webhook endpoint fails and is probed", fields);
    if (judgement.recovered_since) log::info("a webhook endpoint is well again", fields);
  }
}

asio::awaitable<void> Sender::Pump::send(Sending sending) {
  Sent sent{std::move(sending), {}, milliseconds(0), 0};
  sent.jitter = static_cast<double>(sender_.dice_() - std::minstd_rand::min()) /
                static_cast<double>(std::minstd_rand::max() - std::minstd_rand::min());
  const bool tried = co_await deliver(sent);
  --in_flight_;
  sender_.under_way(-1);
  if (tried) sent_.push_back(std::move(sent));
  wakeup_.wake_now();
}

// False when it was not this node's to send any more.
asio::awaitable<bool> Sender::Pump::deliver(Sent& sent) {
  const auto& parts = sender_.parts_;
  const Endpoint endpoint = endpoint_;  // as it is now: it may change while the answer is waited for
  sent.answer.sent_at = parts.clock.wall();
  const auto body = co_await body_of(sent.what.delivery);
  if (!body) {
    sent.answer.moot = true;
    sent.answer.error = "the event is no longer kept";
    co_return true;
  }
  const bool ours = co_await is_ours();
  if (!ours) co_return false;
  sent.answer.sent_at = parts.clock.wall();
  std::vector<std::string> secrets = {endpoint.secret};
  if (!endpoint.previous_secret.empty() && sent.answer.sent_at < endpoint.previous_valid_until) {
    secrets.push_back(endpoint.previous_secret);
  }
  const auto signature = sign(secrets, sent.what.delivery.id, to_millis(sent.answer.sent_at) / 1'000, *body);
  if (!signature) {
    sent.answer.error = signature.error().message;
    co_return true;
  }
  auto request = request_to(endpoint, sent.what.delivery, *body, *signature, sent.answer.sent_at);
  request.timeout = parts.settings.timeout;
  const auto& policy = parts.registry.policy();
  const auto url = net::parse_url(endpoint.url);
  request.admits = [&policy, secure = url && url->secure()](const asio::ip::address& address) {
    return policy.admits(address, secure);
  };
  const MonoTime began = parts.clock.mono();
  const auto response = co_await net::fetch(std::move(request));
  sent.took = std::chrono::duration_cast<milliseconds>(parts.clock.mono() - began);
  if (!response) {
    sent.answer.error = response.error().message;
    co_return true;
  }
  sent.answer.status = response->status;
  if (response->status < 200 || response->status > 299) {
    sent.answer.error = "answered " + std::to_string(response->status);
    sent.answer.retry_after = read_retry_after(net::find_header(response->headers, "Retry-After"), parts.clock.wall());
  }
  co_return true;
}

// The claim must hold until the time limit is over, so that nobody else sends meanwhile. Where the store was away it is
// waited for; where it was lost, or nobody knows, nobody waits for what would come of this: it is ready again then.
asio::awaitable<bool> Sender::Pump::is_ours() {
  const auto& parts = sender_.parts_;
  while (!lost_ && !first_ && parts.clock.mono() + parts.settings.timeout >= claimed_until_) {
    co_await pause(pause_after_error);
  }
  co_return !lost_ && !first_;
}

// Nothing when there is no such event any more.
asio::awaitable<std::optional<std::string>> Sender::Pump::body_of(Delivery delivery) {
  if (delivery.seq == 0) {
    const std::string data = R"({"endpointId":)" + json_text(endpoint_id_) + "}";
    co_return body_with(test_event, delivery.created_at, data);
  }
  for (;;) {
    const auto event = co_await sender_.parts_.calls.event(delivery.event_id);
    if (event && !*event) co_return std::nullopt;
    if (event) co_return body_with(delivery.type, (*event)->at, calls::to_json_text(**event));
    co_await pause(pause_after_error);
  }
}

}  // namespace trunkline::events::webhooks

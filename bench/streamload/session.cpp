#include "session.hpp"

#include "acs.hpp"
#include "clock.hpp"

#include <unistd.h>

#include <algorithm>

namespace streamload {
namespace {

constexpr std::uint64_t frame_ns = 20 * ns_per_ms;
constexpr std::uint64_t jitter_ns = ns_per_ms;  // a frame leaves up to this long after its place on the grid
constexpr std::uint64_t late_ns = 5 * ns_per_ms;
constexpr int send_batch = 32;      // sends between two polls
constexpr double calm_share = 0.1;  // of a core

}  // namespace

Sessions::Sessions(const Options& options, const volatile std::sig_atomic_t& interrupted)
    : interrupted_(interrupted),
      options_(options),
      carrier_(make_carrier(options)),
      sink_(loop_, options.sink_port, carrier_->frame_bytes(),
            [this](const Stamp& stamp, std::uint64_t at) { arrived(stamp, at); }),
      run_(static_cast<std::uint32_t>(now_ns() >> 20) ^ static_cast<std::uint32_t>(getpid())),
      slots_(slot_count, -1) {
  if (options.protocol != Protocol::acs || !options.webhook) return;
  service_.emplace(loop_, options.service_port, [this](const AnswerRequest& request) { return answer(request); });
}

Result Sessions::run(const Options& options) {
  reset(options);
  result_.idle = measure_usage(options_.server);
  set_up();
  measure();
  stop();
  settle();
  result_.end = measure_usage(options_.server);
  return std::move(result_);
}

void Sessions::reset(const Options& options) {
  options_ = options;
  run_ = (run_ + 1) & 0xFFFF;
  result_ = {};
  result_.streams = options.streams;
  setting_up_ = streaming_ = 0;
  window_begin_ = window_end_ = 0;
  media_on_ = options.media;
  std::ranges::fill(slots_, -1);
  slot_ = now_ns() / slot_ns;
  next_sequence_.assign(options.streams, 0);
  calls_.clear();
  for (unsigned i = 0; i < options.streams; ++i) {
    calls_.push_back(std::make_unique<Call>(loop_, options_, *carrier_, *this, run_, i));
  }
}

void Sessions::set_up() {
  const std::uint64_t began = now_ns();
  const std::uint64_t between = options_.rate > 0 ? ns_of(1 / options_.rate) : 0;
  std::uint64_t next_at = began;
  std::uint64_t progress_at = began;
  unsigned started = 0;
  unsigned finished = 0;
  while (interrupted_ == 0 && finished < options_.streams) {
    const std::uint64_t now = now_ns();
    while (started < options_.streams && setting_up_ < options_.window && next_at <= now) {
      ++setting_up_;
      calls_[started++]->start();
      next_at += between;
      if (next_at + 50 * ns_per_ms < now) next_at = now;  // no burst to catch up
    }
    step();
    const unsigned done = result_.ready + result_.failed;
    if (done != finished) progress_at = now;
    finished = done;
    if (now - progress_at > ns_of(options_.setup_limit)) {
      for (const auto& call : calls_) {
        if (call->is_setting_up()) call->abandon("no answer");
      }
      progress_at = now;
    }
  }
  result_.setup_seconds = static_cast<double>(now_ns() - began) * 1e-9;
}

void Sessions::measure() {
  run_for(options_.warmup);
  result_.before = measure_usage(options_.server);
  window_begin_ = now_ns();
  window_end_ = window_begin_ + ns_of(options_.measured);
  run_for(options_.measured);
  result_.after = measure_usage(options_.server);
  media_on_ = false;
  run_for(options_.drain, [this] { return result_.arrived >= result_.sent; });
}

void Sessions::stop() {
  for (const auto& call : calls_) {
    if (call->is_streaming()) call->stop();
    if (call->index() % 64 == 63) loop_.poll();
  }
  run_for(options_.settle_limit, [this] { return streaming_ == 0; });
  run_for(5, [this] { return sink_.open() == 0; });
  result_.sinks_left = static_cast<unsigned>(sink_.open());
  for (const auto& call : calls_) loop_.close(*call);
}

// A server may finish recordings and records of calls now; the next session must not pay for it.
void Sessions::settle() {
  if (options_.server == 0) return;
  constexpr double step_seconds = 0.5;
  double used = measure_usage(options_.server).server_seconds;
  for (double waited = 0; waited < options_.settle_limit && interrupted_ == 0; waited += step_seconds) {
    run_for(step_seconds);
    const double now = measure_usage(options_.server).server_seconds;
    if (now - used < calm_share * step_seconds) return;
    used = now;
  }
}

std::string Sessions::answer(const AnswerRequest& request) {
  const unsigned index = Acs::index_in(request.context).value_or(options_.streams);
  if (index >= calls_.size()) return {};
  Call& call = *calls_[index];
  if (Acs::context_of(call.identity()) != request.context) return {};
  call.answered({std::string(path_of(request.media_url)), {}}, std::string(path_of(request.callback_url)));
  return Acs::properties_of(call.identity(), request.callback_url);
}

void Sessions::ready(Call& call) {
  --setting_up_;
  ++streaming_;
  ++result_.ready;
  if (!media_on_) return;
  call.grid_ns = (now_ns() / frame_ns + 2) * frame_ns + random_() % frame_ns;
  schedule(call, call.grid_ns + random_() % jitter_ns);
}

void Sessions::failed(Call& /*call*/, const std::string& why) {
  --setting_up_;
  ++result_.failed;
  ++result_.reasons[why];
}

void Sessions::gone(Call& /*call*/, const std::string& why) {
  --streaming_;
  if (why.empty()) return;
  ++result_.ended_early;
  ++result_.reasons["ended early: " + why];
}

void Sessions::arrived(const Stamp& stamp, std::uint64_t at) {
  if (stamp.run != run_ || stamp.stream >= next_sequence_.size()) return;
  std::uint32_t& next = next_sequence_[stamp.stream];
  if (stamp.sequence < next) {
    ++result_.out_of_order;
    return;
  }
  next = stamp.sequence + 1;
  if (!in_window(stamp.sent_ns)) return;
  ++result_.arrived;
  result_.relay.add(at > stamp.sent_ns ? at - stamp.sent_ns : 0);
}

void Sessions::schedule(Call& call, std::uint64_t due) {
  call.due_ns = due;
  int& head = slots_[std::max(due / slot_ns, slot_) % slot_count];
  call.next_in_slot = head;
  head = static_cast<int>(call.index());
}

// Sends what is due, a batch at most; true when there is more.
bool Sessions::send_due() {
  const std::uint64_t now_slot = now_ns() / slot_ns;
  int budget = send_batch;
  for (; slot_ <= now_slot; ++slot_) {
    int& head = slots_[slot_ % slot_count];
    while (head >= 0) {
      if (budget-- == 0) return true;
      Call& call = *calls_[static_cast<std::size_t>(head)];
      head = call.next_in_slot;
      if (media_on_ && call.is_streaming()) send_frame(call);
    }
  }
  return false;
}

void Sessions::send_frame(Call& call) {
  const std::uint64_t now = now_ns();
  call.send_frame(now);
  if (!call.is_open()) return;
  if (in_window(now)) {
    const std::uint64_t lateness = now > call.due_ns ? now - call.due_ns : 0;
    ++result_.sent;
    result_.lateness.add(lateness);
    if (lateness > late_ns) ++result_.late_sends;
  }
  call.grid_ns += frame_ns;
  schedule(call, call.grid_ns + random_() % jitter_ns);
}

void Sessions::step() {
  const bool more = send_due();
  const int handled = loop_.poll();
  if (!more && handled == 0) Loop::sleep();
}

void Sessions::run_for(double seconds, const std::function<bool()>& done) {
  const std::uint64_t until = now_ns() + ns_of(seconds);
  while (interrupted_ == 0 && now_ns() < until && !done()) step();
}

}  // namespace streamload

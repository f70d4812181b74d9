#include "sim/carrier_stream.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace trunkline::sim {
namespace {

namespace carrier = providers::twilio::carrier;

constexpr milliseconds step{20};
constexpr std::size_t frame_samples = 160;
constexpr std::int64_t first_timestamp_ms = 67;  // never 0 on the real wire
constexpr std::uint64_t hang_up_after = 50;      // a second of silence once both sides have finished
constexpr std::uint64_t give_up_after = 1'500;   // half a minute, whatever still plays
constexpr std::uint64_t late_reading = 100;      // the slow reader looks every two seconds
constexpr std::uint8_t silence = 0xFF;

}  // namespace

CarrierStream::CarrierStream(net::Worker& worker, Options options, CallReport& report, std::function<void()> over)
    : options_(std::move(options)),
      report_(report),
      over_(std::move(over)),
      timer_(worker.context()),
      dice_(options_.seed) {}

void CarrierStream::on_open(net::WebSocket& socket) {
  socket_ = &socket;
  started_ = std::chrono::steady_clock::now();
  carrier::append_connected(out_);
  send();
  carrier::append_start(out_, ++sequence_, options_.start);
  send();
  if (options_.fault == Fault::slow_reader) socket_->pause_reading();
  arm();
}

void CarrierStream::arm() {
  timer_.expires_at(started_ + step * static_cast<std::int64_t>(++grid_));
  timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error && self->socket_ != nullptr) self->on_grid();
  });
}

void CarrierStream::on_grid() {
  send_frames();
  play();
  if (options_.fault == Fault::slow_reader && grid_ % late_reading == 0) socket_->resume_reading();
  const std::uint64_t spoken = (options_.audio.size() + frame_samples - 1) / frame_samples;
  if (options_.fault == Fault::half_close && frames_ >= spoken / 2) return socket_->abort();
  if (frames_ >= spoken) {
    ++silent_;
    const bool finished = playing_.empty() && silent_ > hang_up_after;
    if (finished || silent_ > give_up_after) return hang_up();
  }
  socket_->flush();
  arm();
}

// One frame a step, or as the fault has it; places on the time line stay what they are.
void CarrierStream::send_frames() {
  if (overtaken_) return send_frame(*std::exchange(overtaken_, std::nullopt));
  const std::uint64_t index = frames_++;
  if (options_.fault == Fault::drop && by_chance(0.05)) return;
  if (options_.fault == Fault::reorder && by_chance(0.1)) {
    overtaken_ = index;
    return send_frame(frames_++);
  }
  send_frame(index);
  if (options_.fault == Fault::duplicate && by_chance(0.1)) send_frame(index);
}

void CarrierStream::send_frame(std::uint64_t index) {
  std::array<std::int16_t, frame_samples> samples{};
  const std::size_t from = std::min<std::size_t>(index * frame_samples, options_.audio.size());
  const std::size_t size = std::min(frame_samples, options_.audio.size() - from);
  std::copy_n(options_.audio.begin() + static_cast<std::ptrdiff_t>(from), size, samples.begin());
  std::array<std::uint8_t, frame_samples> payload{};
  media::encode_mulaw(samples, payload.data());
  for (const media::Track track : options_.start.tracks) {
    if (track == media::Track::outbound) payload.fill(silence);
    carrier::append_media(out_, place(),
                          {.track = track,
                           .chunk = ++chunks_[media::index(track)],
                           .timestamp_ms = first_timestamp_ms + static_cast<std::int64_t>(index) * step.count(),
                           .payload = payload});
    send();
  }
  ++report_.frames_sent;
}

// Plays one step of what the gateway has sent, and returns the marks that were reached.
void CarrierStream::play() {
  const std::size_t size = std::min(frame_samples, playing_.size());
  if (size > 0) {
    const std::vector<std::uint8_t> part(playing_.begin(), playing_.begin() + static_cast<std::ptrdiff_t>(size));
    playing_.erase(playing_.begin(), playing_.begin() + static_cast<std::ptrdiff_t>(size));
    played_ += size;
    const std::size_t at = report_.heard.size();
    report_.heard.resize(at + size);
    media::decode_mulaw(part, report_.heard.data() + at);
  }
  while (!marks_.empty() && marks_.front().at <= played_) echo_mark();
}

void CarrierStream::echo_mark() {
  carrier::append_mark(out_, place(), marks_.front().name);
  send();
  ++report_.marks;
  marks_.pop_front();
}

void CarrierStream::on_text(std::string_view message) {
  if (!over_) return;
  const auto parsed = carrier::parse_message(message, options_.start.stream_sid);
  if (!parsed) {
    report_.media_error = "the gateway sent what Twilio refuses: " + parsed.error().message;
    return;
  }
  if (const auto* media = std::get_if<carrier::Media>(&*parsed)) {
    ++report_.frames_heard;
    playing_.insert(playing_.end(), media->payload.begin(), media->payload.end());
  } else if (const auto* mark = std::get_if<carrier::Mark>(&*parsed)) {
    marks_.push_back({played_ + playing_.size(), mark->name});
  } else {
    ++report_.clears;
    playing_.clear();
    while (!marks_.empty()) echo_mark();
  }
}

void CarrierStream::on_binary(std::span<const std::uint8_t> /*message*/) {
  if (!over_) return;
  report_.media_error = "the gateway sent a binary message, which Twilio refuses";
}

void CarrierStream::hang_up() {
  if (options_.fault == Fault::no_stop) return finish();  // the socket stays open and silent
  carrier::append_stop(out_, ++sequence_, options_.start);
  send();
  socket_->resume_reading();  // or the gateway's half of the goodbye would not be seen
  socket_->close(net::CloseCode::normal, "");
}

void CarrierStream::send() {
  if (!socket_->send_text(out_)) report_.media_error = "the gateway reads too slowly";
  out_.clear();
}

// The report belongs to the caller, who may be gone after this.
void CarrierStream::finish() {
  timer_.cancel();
  std::exchange(over_, nullptr)();
}

void CarrierStream::on_close(const net::CloseInfo& info) {
  const bool opened = std::exchange(socket_, nullptr) != nullptr;
  if (!over_) return;
  if (!opened) report_.media_error = "the media socket did not open: " + info.reason;
  if (info.code == net::CloseCode::policy_violation)
    report_.media_error = "the gateway closed the socket: " + info.reason;
  finish();
}

}  // namespace trunkline::sim

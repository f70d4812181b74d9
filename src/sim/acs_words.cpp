#include "sim/acs_words.hpp"

#include <utility>

namespace trunkline::sim {
namespace {

namespace carrier = providers::acs::carrier;

constexpr std::int64_t ticks_a_ms = 10'000;
// From 1 January of the year 1, where .NET begins to count, to 1970.
constexpr std::int64_t ticks_before_1970 = 621'355'968'000'000'000;

}  // namespace

void AcsWords::on_open(net::WebSocket& socket) {
  socket_ = &socket;
  if (!listener_.opened) return socket.close(net::CloseCode::normal, "");
  started_ = std::chrono::steady_clock::now();
  began_ = clock_.wall();
  std::string out;
  carrier::append_transcription_metadata(out, options_.start);
  socket_->send_text(out);
  listener_.opened();
  arm();
}

void AcsWords::arm() {
  while (said_ < options_.segments.size() && !options_.intermediate && !options_.segments[said_].segment.final) ++said_;
  if (said_ == options_.segments.size()) return;
  timer_.expires_at(started_ + options_.segments[said_].at);
  timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (error || self->socket_ == nullptr) return;
    self->say(self->options_.segments[self->said_++].segment);
    self->arm();
  });
}

void AcsWords::say(providers::acs::TranscribedSegment segment) {
  const auto at = began_ + options_.segments[said_ - 1].at;
  const std::int64_t end = ticks_before_1970 + to_millis(at) * ticks_a_ms;
  segment.offset_ticks = end - segment.duration_ticks;
  for (auto& word : segment.words) word.offset_ticks += segment.offset_ticks;
  std::string out;
  carrier::append_transcription_data(out, segment);
  socket_->send_text(out);
  socket_->flush();
}

void AcsWords::leave(bool close) {
  listener_ = {};
  if (!close) return;
  timer_.cancel();
  if (socket_ != nullptr) socket_->close(net::CloseCode::normal, "");
}

void AcsWords::on_close(const net::CloseInfo& info) {
  timer_.cancel();
  const bool opened = std::exchange(socket_, nullptr) != nullptr;
  const auto over = std::exchange(listener_.over, nullptr);
  if (over) over(info, opened);
}

}  // namespace trunkline::sim

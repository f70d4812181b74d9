#include <trunkline/observe/log.hpp>
#include <trunkline/providers/media_socket.hpp>

#include <utility>

namespace trunkline::providers {

MediaSocket::MediaSocket(const MediaServices& services, net::Worker& worker, std::string call_id)
    : clock_(services.clock),
      metrics_(services.metrics),
      call_id_(std::move(call_id)),
      leg_(std::make_shared<MediaLeg>(services, worker, static_cast<Carrier&>(*this))) {}

void MediaSocket::on_text(std::string_view message) {
  if (batch_began_ == MonoTime{}) batch_began_ = clock_.mono();
  take(message);
}

void MediaSocket::on_binary(std::span<const std::uint8_t> /*message*/) {
  close(net::CloseCode::unsupported_data, "media streams are text", media::EndCause::protocol_error);
}

void MediaSocket::on_batch_end() {
  leg_->end_batch(batch_began_);
  batch_began_ = {};
}

void MediaSocket::on_tick(MonoTime now) {
  look_at_time(now);
  leg_->tick(now);
  export_ignored();
}

void MediaSocket::on_close(const net::CloseInfo& info) {
  socket_ = nullptr;
  leg_->detach();
  leg_->end(media::EndCause::closed);
  export_ignored();
  log::info("media socket closed", {{"callId", call_id_},
                                    {"code", static_cast<unsigned>(info.code)},
                                    {"heard", summary()},
                                    {"ignored", ignored_text()}});
}

void MediaSocket::send(std::string_view message) {
  if (socket_ == nullptr || socket_->send_text(message)) return;
  log::warn("the carrier reads too slowly", {{"callId", call_id_}, {"unsentBytes", socket_->unsent_bytes()}});
  socket_->close(net::CloseCode::try_again_later, "reading too slowly");
}

void MediaSocket::close(net::CloseCode code, std::string_view reason, media::EndCause cause) {
  hang_up(code, std::string(reason));
  leg_->end(cause);
}

void MediaSocket::flush() {
  if (socket_ != nullptr) socket_->flush();
}

void MediaSocket::hang_up(net::CloseCode code, const std::string& reason) {
  if (socket_ != nullptr) socket_->close(code, reason);
}

void MediaSocket::export_ignored() {
  const auto now = ignored();
  exported_.resize(now.size());
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (now[i].count == exported_[i]) continue;
    metrics_.media_messages_ignored(now[i].reason).add(static_cast<double>(now[i].count - exported_[i]));
    exported_[i] = now[i].count;
  }
}

// "bad-payload 2, before-start 10"; empty when everything was of use.
std::string MediaSocket::ignored_text() const {
  std::string text;
  for (const Ignored& one : ignored()) {
    if (one.count == 0) continue;
    if (!text.empty()) text += ", ";
    text.append(one.reason).append(" ").append(std::to_string(one.count));
  }
  return text;
}

}  // namespace trunkline::providers

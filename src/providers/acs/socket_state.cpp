#include <trunkline/providers/acs/socket_state.hpp>

namespace trunkline::providers::acs {

using media::EndCause;
using net::CloseCode;

std::string_view to_string(Ignored reason) {
  static constexpr std::array<std::string_view, ignored_count> names = {
      "invalid-json",    "malformed", "unknown-kind", "unexpected",
      "before-metadata", "after-end", "bad-payload",  "too-many-participants"};
  return names[static_cast<std::size_t>(reason)];
}

std::variant<Ignored, CloseSocket> SocketState::refuse(Ignored reason) {
  ignore(reason);
  invalid_run_ = reason == Ignored::invalid_json ? invalid_run_ + 1 : 0;
  if (invalid_run_ < limits_.invalid_in_a_row) return reason;
  return close(CloseCode::invalid_payload, "too many messages that are not JSON", EndCause::protocol_error);
}

Ignored SocketState::ignore(Ignored reason) {
  ++ignored_[static_cast<std::size_t>(reason)];
  return reason;
}

CloseSocket SocketState::close(CloseCode code, std::string_view reason, EndCause cause) {
  phase_ = Phase::over;
  return {code, reason, cause};
}

std::optional<CloseSocket> SocketState::tick(MonoTime now) {
  if (now < deadline()) return std::nullopt;
  if (started()) return close(CloseCode::normal, "no message for too long", EndCause::idle);
  return close(CloseCode::policy_violation, "no metadata in time", EndCause::protocol_error);
}

MonoTime SocketState::deadline() const {
  switch (phase_) {
    case Phase::accepted:
      return opened_ + limits_.metadata_timeout;
    case Phase::started:
      return limits_.idle_timeout.count() == 0 ? MonoTime::max() : heard_ + limits_.idle_timeout;
    case Phase::over:
      break;
  }
  return MonoTime::max();
}

}  // namespace trunkline::providers::acs

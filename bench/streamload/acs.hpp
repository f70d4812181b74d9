#pragma once

#include "carrier.hpp"

#include <cstdint>

namespace streamload {

/// Azure Communication Services: Event Grid's events, Call Automation's callbacks, and audio streaming of PCM16 at 16
/// kHz.
class Acs final : public Carrier {
 public:
  explicit Acs(const Options& options);

  std::size_t frame_bytes() const override { return 640; }
  /// Answered when the server has asked Call Automation to answer the call.
  std::string announcement(const CallIdentity& call) const override;
  /// The server has said it in its request.
  std::optional<StreamTarget> target_in(std::string_view answer) const override;
  std::vector<std::string> opening(const CallIdentity& call, const std::string& token) const override;
  void put_frame(Text& out, const CallIdentity& call, std::uint32_t frame, std::string_view audio) const override;
  std::string ending(const CallIdentity& call, std::uint32_t frames) const override;
  /// A callback, proved by Event Grid's secret: the service itself would send a token.
  std::string farewell(const CallIdentity& call, const std::string& path) const override;

  /// The incomingCallContext of a call.
  static std::string context_of(const CallIdentity& call);
  /// The index of a call that may have this context.
  static std::optional<unsigned> index_in(std::string_view context);
  /// What Call Automation says about a call that it has answered.
  static std::string properties_of(const CallIdentity& call, const std::string& callback_url);

 private:
  const Options options_;
  const std::int64_t began_ms_;  ///< of all streams, since 1970
};

}  // namespace streamload

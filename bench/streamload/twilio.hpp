#pragma once

#include "carrier.hpp"

namespace streamload {

/// Signed webhooks (HMAC-SHA1 over the URL and the sorted parameters) and Media Streams: mu-law at 8 kHz.
class Twilio final : public Carrier {
 public:
  explicit Twilio(const Options& options);

  std::size_t frame_bytes() const override { return 160; }
  std::string announcement(const CallIdentity& call) const override;
  std::optional<StreamTarget> target_in(std::string_view answer) const override;
  std::vector<std::string> opening(const CallIdentity& call, const std::string& token) const override;
  void put_frame(Text& out, const CallIdentity& call, std::uint32_t frame, std::string_view audio) const override;
  std::string ending(const CallIdentity& call, std::uint32_t frames) const override;
  std::string farewell(const CallIdentity& call, const std::string& path) const override;

 private:
  const Options options_;
  const std::string account_sid_;
};

}  // namespace streamload

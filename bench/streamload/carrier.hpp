#pragma once

#include "options.hpp"
#include "text.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamload {

/// Who calls: unique for each run and call.
struct CallIdentity {
  unsigned index;
  std::string id;  ///< 32 hex digits
};
CallIdentity identity_of(unsigned run, unsigned index);

/// Where a call's stream goes, and the token that opens it where that is not in the path.
struct StreamTarget {
  std::string path;
  std::string token;
};

/// What a carrier says before, on and after a media socket.
class Carrier {
 public:
  virtual ~Carrier() = default;

  virtual std::size_t frame_bytes() const = 0;  ///< 20 ms
  /// The HTTP request that announces a call.
  virtual std::string announcement(const CallIdentity& call) const = 0;
  /// From the body that answers it, when that says so.
  virtual std::optional<StreamTarget> target_in(std::string_view answer) const = 0;
  /// The messages before the audio.
  virtual std::vector<std::string> opening(const CallIdentity& call, const std::string& token) const = 0;
  /// The message with frame number `frame`, from 0; `audio` is base64.
  virtual void put_frame(Text& out, const CallIdentity& call, std::uint32_t frame, std::string_view audio) const = 0;
  /// The last message, after so many frames; empty when there is none.
  virtual std::string ending(const CallIdentity& call, std::uint32_t frames) const = 0;
  /// The HTTP request that says that an announced call is over; empty when there is none.
  virtual std::string farewell(const CallIdentity& call, const std::string& path) const = 0;
};

std::unique_ptr<Carrier> make_carrier(const Options& options);

/// A request to the server; `headers` are whole lines.
std::string post(const Options& options, std::string_view path, std::string_view headers, std::string_view body);
std::string upgrade_request(const Options& options, std::string_view path, std::string_view key);

/// Path and query of a URL; empty without any.
std::string_view path_of(std::string_view url);

}  // namespace streamload

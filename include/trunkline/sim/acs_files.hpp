#pragma once

#include <trunkline/base/lru.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/net/http.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace trunkline::sim {

/// How the storage of recordings misbehaves.
enum class FileFault : std::uint8_t {
  none,
  missing,    ///< 404, as if the file were not there yet
  throttled,  ///< 429
  cut,        ///< the connection ends in the middle
};
std::optional<FileFault> parse_file_fault(std::string_view text);

/// A recording that the service keeps.
struct AcsFile {
  std::string document_id;
  std::filesystem::path path;
  std::uint64_t size = 0;
  FileFault fault = FileFault::none;
  std::size_t faults = 1;  ///< how often it misbehaves yet
  bool fetched = false;    ///< to its last byte
  bool removed = false;
  std::function<void()> on_change;  ///< something above did

  std::string place() const { return "/v1/objects/" + document_id; }  ///< path of its address, and of its deletion
  std::string content() const { return place() + "/content/audio"; }
  std::string metadata() const { return place() + "/content/acsmetadata"; }
};

/// The files that there are. One thread.
class AcsFiles {
 public:
  static constexpr std::size_t max_files = 1'000;

  AcsFiles() : files_(max_files) {}

  /// Error `file_unreadable`.
  Result<std::shared_ptr<AcsFile>> keep(std::string document_id, std::filesystem::path path);

  /// Whether a request is about files, whatever it wants of them.
  static bool is_meant(const net::Request& request);
  /// The answer to one that was found to be signed well.
  net::Response answer(const net::Request& request);

 private:
  static net::Response give(AcsFile& file, const net::Request& request);

  Lru<std::shared_ptr<AcsFile>> files_;
};

}  // namespace trunkline::sim

#include "providers/acs/recording_files.hpp"

#include <utility>

namespace trunkline::providers::acs {

asio::awaitable<Result<std::uint64_t>> RecordingFilesSource::download(std::string location, const Take& take) {
  co_return co_await client_.download_recording(std::move(location), take);
}

asio::awaitable<Result<>> RecordingFilesSource::remove(std::string location) {
  const auto removed = co_await client_.delete_recording(std::move(location));
  if (!removed) co_return removed.error();
  co_return Result<>{};
}

}  // namespace trunkline::providers::acs

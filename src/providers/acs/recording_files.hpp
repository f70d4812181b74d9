#pragma once

#include <trunkline/providers/acs/call_automation.hpp>
#include <trunkline/recording/file_source.hpp>

#include <string>
#include <string_view>

namespace trunkline::providers::acs {

/// The recordings of one resource, as files to fetch. `client` outlives it.
class RecordingFilesSource final : public recording::FileSource {
 public:
  explicit RecordingFilesSource(CallAutomation& client) : client_(client) {}

  std::string_view provider() const override { return "acs"; }
  asio::awaitable<Result<std::uint64_t>> download(std::string location, const Take& take) override;
  asio::awaitable<Result<>> remove(std::string location) override;

 private:
  CallAutomation& client_;
};

}  // namespace trunkline::providers::acs

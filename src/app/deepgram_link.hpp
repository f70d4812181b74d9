#pragma once

#include <trunkline/adapters/deepgram_transcriber.hpp>
#include <trunkline/base/clock.hpp>
#include <trunkline/config/settings.hpp>
#include <trunkline/net/worker.hpp>

#include <memory>
#include <vector>

namespace trunkline::app {

/// Deepgram on our workers: connections by net, and one timer a worker for all of its streams.
class DeepgramLink final : public adapters::SocketOpener {
 public:
  explicit DeepgramLink(net::Workers& workers);
  ~DeepgramLink() override;

  void open(std::string url, net::Headers headers, std::shared_ptr<net::WebSocketHandler> handler) override;
  void every(milliseconds period, std::function<bool()> tick) override;

 private:
  class Ticker;
  std::vector<std::unique_ptr<Ticker>> tickers_;  // one a worker
};

/// Null when DEEPGRAM_API_KEY is not set.
std::unique_ptr<speech::Transcriber> make_deepgram(const config::Deepgram& settings, DeepgramLink& link,
                                                   const Clock& clock);

}  // namespace trunkline::app

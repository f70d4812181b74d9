#include "app/deepgram_link.hpp"

#include <trunkline/net/client.hpp>

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <utility>

namespace trunkline::app {

namespace asio = boost::asio;

/// Calls many functions from one timer: a timer of its own for each of a thousand streams would cost more than their
/// audio. Runs only while there is something to call; on its worker's thread.
class DeepgramLink::Ticker {
 public:
  explicit Ticker(net::Worker& worker) : timer_(worker.context()) {}

  void add(milliseconds period, std::function<bool()> tick) {
    ticks_.push_back(std::move(tick));
    if (std::exchange(running_, true)) return;
    period_ = period;
    arm();
  }

 private:
  void arm() {
    timer_.expires_after(period_);
    timer_.async_wait([this](boost::system::error_code error) {
      if (!error) run();
    });
  }

  // A tick may add another one: those are called from the next round on.
  void run() {
    auto round = std::exchange(ticks_, {});
    std::erase_if(round, [](const std::function<bool()>& tick) { return !tick(); });
    round.insert(round.end(), std::make_move_iterator(ticks_.begin()), std::make_move_iterator(ticks_.end()));
    ticks_ = std::move(round);
    running_ = !ticks_.empty();
    if (running_) arm();
  }

  asio::steady_timer timer_;
  milliseconds period_{};
  bool running_ = false;
  std::vector<std::function<bool()>> ticks_;
};

DeepgramLink::DeepgramLink(net::Workers& workers) {
  for (std::size_t i = 0; i < workers.size(); ++i) tickers_.push_back(std::make_unique<Ticker>(workers.at(i)));
}

DeepgramLink::~DeepgramLink() = default;

void DeepgramLink::open(std::string url, net::Headers headers, std::shared_ptr<net::WebSocketHandler> handler) {
  net::open_websocket(*net::Worker::current(), {.url = std::move(url), .headers = std::move(headers)},
                      std::move(handler));
}

void DeepgramLink::every(milliseconds period, std::function<bool()> tick) {
  tickers_[net::Worker::current()->index()]->add(period, std::move(tick));
}

std::unique_ptr<speech::Transcriber> make_deepgram(const config::Deepgram& settings, DeepgramLink& link,
                                                   const Clock& clock) {
  if (settings.api_key.empty()) return nullptr;
  return adapters::make_deepgram_transcriber({settings.url, settings.api_key, settings.model}, link, clock);
}

}  // namespace trunkline::app

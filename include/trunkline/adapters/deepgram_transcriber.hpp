#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/net/http.hpp>
#include <trunkline/net/websocket.hpp>
#include <trunkline/speech/transcriber.hpp>

#include <functional>
#include <memory>
#include <string>

namespace trunkline::adapters {

/// Connections and timers on the calling thread's worker.
class SocketOpener {
 public:
  virtual ~SocketOpener() = default;
  /// Connects in the background; the handler hears of it later, on this thread, on_close() in any case.
  virtual void open(std::string url, net::Headers headers, std::shared_ptr<net::WebSocketHandler> handler) = 0;
  /// Calls `tick` on this thread about every `period` until it returns false.
  virtual void every(milliseconds period, std::function<bool()> tick) = 0;
};

struct DeepgramOptions {
  std::string url = "wss://api.deepgram.com";  ///< scheme, host and port
  std::string api_key;
  std::string model = "nova-3";
};

/// Deepgram's live transcription, one connection a track. open() is called on the stream's worker; the sink and its
/// connections live there, until the last results are in. Takes mu-law and PCM at any rate. `opener` and `clock` must
/// outlive the sinks. open() fails with `unsupported` when no API key is configured.
std::unique_ptr<speech::Transcriber> make_deepgram_transcriber(DeepgramOptions options, SocketOpener& opener,
                                                               const Clock& clock);

}  // namespace trunkline::adapters

#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace streamload {

enum class Protocol : std::uint8_t { twilio, acs };

/// How a call is announced before its stream: by Twilio's webhook or by Event Grid.
struct Webhook {
  std::string public_url;   ///< what the server believes to be reached under: part of what Twilio signs
  std::string account_sid;  ///< Twilio's
  std::string secret;       ///< signs Twilio's webhooks, comes along with Event Grid's events
};

struct Options {
  Protocol protocol = Protocol::twilio;
  std::string host = "127.0.0.1";
  int port = 8080;
  int sink_port = 9001;
  int service_port = 9002;          ///< where the server asks Call Automation
  std::string path = "/media/{i}";  ///< of the streams, without a webhook
  std::optional<Webhook> webhook;   ///< with it, path and token come from its answer

  unsigned streams = 100;
  double rate = 400;     ///< new calls a second; 0: as fast as `window` allows
  unsigned window = 64;  ///< calls being set up at once
  bool media = true;
  double warmup = 2;  ///< seconds
  double measured = 8;
  double drain = 3;
  double setup_limit = 30;   ///< seconds without a call getting ready
  double settle_limit = 20;  ///< seconds for the server to finish what the calls left behind
  double p99_limit_ms = 20;

  int server = 0;  ///< process whose use is measured, with its children
};

}  // namespace streamload

#pragma once

#include <optional>
#include <string>

namespace streamload {

/// How a call is announced before its stream, as Twilio does it.
struct Webhook {
  std::string public_url;  ///< what the server believes to be reached under: part of what is signed
  std::string account_sid;
  std::string auth_token;
  std::string path = "/webhooks/twilio/voice";
};

struct Options {
  std::string host = "127.0.0.1";
  int port = 8080;
  int sink_port = 9001;
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

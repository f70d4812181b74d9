#include "call_automation.hpp"

#include "wire.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace streamload {
namespace {

using nlohmann::json;

constexpr const char* refusal = R"({"error":{"code":"8522","message":"Call not found."}})";

std::string text_in(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

AnswerRequest read_request(std::string_view body) {
  const json request = json::parse(body, nullptr, false);
  if (!request.is_object()) return {};
  const auto media = request.find("mediaStreamingOptions");
  return {text_in(request, "incomingCallContext"),
          media != request.end() && media->is_object() ? text_in(*media, "transportUrl") : "",
          text_in(request, "callbackUri")};
}

}  // namespace

/// One of the server's connections.
class CallAutomation::Line final : public Connection {
 public:
  explicit Line(CallAutomation& service) : service_(service) {}

  std::size_t on_bytes(std::span<std::uint8_t> bytes) override {
    std::size_t used = 0;
    while (const auto request = whole_message(as_text(bytes.subspan(used)))) {
      used += request->size;
      answer(*request);
    }
    return used;
  }
  void on_gone(const std::string& /*why*/) override {}

 private:
  void answer(const HttpMessage& request) {
    std::string body;
    if (request.head.starts_with("POST /calling/callConnections:answer?")) {
      body = service_.on_answer_(read_request(request.body));
    }
    const char* status = body.empty() ? "404 Not Found" : "200 OK";
    if (body.empty()) body = refusal;
    service_.loop_.send(*this, std::string("HTTP/1.1 ") + status + "\r\nContent-Type: application/json\r\n" +
                                   "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }

  CallAutomation& service_;
};

CallAutomation::CallAutomation(Loop& loop, int port, OnAnswer on_answer)
    : loop_(loop), on_answer_(std::move(on_answer)) {
  loop_.listen(port, *this);
}

std::unique_ptr<Connection> CallAutomation::accepted() {
  return std::make_unique<Line>(*this);
}

}  // namespace streamload

#include "fuzz.hpp"
#include "store/redis/session.hpp"

#include <string>
#include <vector>

using namespace trunkline::fuzz;
using namespace trunkline::store::redis;

namespace {

constexpr std::size_t requests = 4;

/// What a session with a few requests makes of `bytes`, `step` at a time.
std::string told(Session::Use use, std::string_view bytes, std::size_t step) {
  Session session(use, 4'096);
  for (std::size_t i = 1; i <= requests; ++i) {
    session.send(make_request(std::vector<Command>(i, Command{"PING"}), {}));
  }
  std::string all;
  std::size_t answers = 0;
  std::vector<Heard> heard;
  bool good = true;
  while (good && !bytes.empty()) {
    good = session.receive(bytes.substr(0, step), heard).has_value();
    bytes.remove_prefix(std::min(step, bytes.size()));
  }
  for (const Heard& one : heard) {
    if (const auto* published = std::get_if<Published>(&one)) {
      all += published->channel + "=" + published->message + ";";
      continue;
    }
    const auto& answered = std::get<Answered>(one);
    must(answered.replies.size() == ++answers && answered.request.replies == answers);
    for (const Reply& reply : answered.replies) all += reply.text + std::to_string(reply.elements.size()) + ";";
  }
  must(session.abandon().size() == requests - answers);
  return all;
}

}  // namespace

// Whatever a server says: each request is answered at most once, in order, with as many replies as it asked for, and
// the same bytes in other pieces bring the same answers.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = as_text(data, size);
  if (size > 4'096) return 0;
  for (const auto use : {Session::Use::commands, Session::Use::listening}) {
    const std::string whole = told(use, bytes, size + 1);
    must(told(use, bytes, 1) == whole);
    must(told(use, bytes, 7) == whole);
  }
  return 0;
}

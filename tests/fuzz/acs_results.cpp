#include "fuzz.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/results.hpp>
#include <trunkline/providers/acs/retry.hpp>

using namespace trunkline;
using namespace trunkline::fuzz;
using namespace trunkline::providers::acs;

namespace {

constexpr std::string_view endpoint = "https://contoso.communication.azure.com";
constexpr std::size_t longest_text = 4096;
constexpr std::size_t longest_word = 40;  // a token has more
constexpr WallTime now{milliseconds{1'800'000'000'000}};

void check_target(const std::string& target) {
  must(target.starts_with('/') && !target.starts_with("//") && target.size() <= longest_text);
  for (const char c : target) must(c > ' ' && c != 0x7F && c != '#');
}

void check_party(const Identifier& party) {
  must(!party.raw_id.empty() && party.raw_id.size() <= 512);
}

void check_calls(std::string_view body) {
  if (const auto call = read_call_connection(body)) {
    must(!call->call.empty() && call->call.size() <= longest_text && call->server_call_id.size() <= longest_text);
    must(call->targets.size() <= 1000);
    for (const Identifier& target : call->targets) check_party(target);
  }
  if (const auto recording = read_recording_state(body)) must(!recording->recording.empty());
}

void check_participants(std::string_view body) {
  if (const auto page = read_participants(body, endpoint)) {
    must(page->participants.size() <= 1000);
    for (const Participant& one : page->participants) check_party(one.identifier);
    if (!page->next.empty()) check_target(page->next);
  }
  if (const auto one = read_participant(body)) check_party(one->identifier);
  if (const auto added = read_added(body)) must(added->invitation_id.size() <= longest_text);
}

// It goes into the log, and some of it to whoever looks at the health.
void check_error(std::string_view body) {
  const ServiceError said = read_error(body);
  must(said.code.size() <= 64 && text::is_utf8(said.message) && said.message.size() <= 2048);
  std::size_t word = 0;
  for (const char c : said.message) {
    word = c == ' ' || c == '\'' || c == '"' || c == ',' || c == ';' || c == ':' || c == '(' || c == ')' || c == '<' ||
                   c == '>'
               ? 0
               : word + 1;
    must(word <= 3 * longest_word);  // bytes that are not UTF-8 become three
  }
  for (const int status : {302, 400, 404, 429, 503}) {
    const Error error = error_of("answer", status, said);
    must(!error.code.empty() && error.message.size() <= 200);
  }
}

}  // namespace

// Input: the body of an answer; also read as the address of a page, and as what a Retry-After says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body = as_text(data, size);
  check_calls(body);
  check_participants(body);
  check_error(body);
  if (const auto target = target_at(endpoint, body)) check_target(*target);
  const auto asked = read_retry_after([&](std::string_view) { return body; }, now);
  must(!asked || (asked->count() >= 0 && *asked <= std::chrono::hours(24)));
  return 0;
}

#include "providers/acs/exchange.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/call_automation.hpp>
#include <trunkline/providers/acs/repeatability.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace trunkline::providers::acs {
namespace {

using requests::to_http;

constexpr std::size_t max_pages = 20;
constexpr std::size_t max_participants = 1'000;

// While a call rings, being late is failing.
bool is_urgent(std::string_view operation) {
  return operation == "answer" || operation == "reject" || operation == "redirect";
}

// How the service's people find a request again.
std::string trace_of(const net::ClientResponse& response) {
  for (const std::string_view name : {"x-ms-request-id", "MS-CV"}) {
    const auto value = net::find_header(response.headers, name);
    if (!value.empty() && value.size() <= 200) return " [" + std::string(value) + "]";
  }
  return {};
}

}  // namespace

CallAutomation::CallAutomation(Parts parts) : parts_(std::move(parts)), breaker_(parts_.settings.breaker) {}

CallAutomation::~CallAutomation() = default;

net::Headers CallAutomation::repeatability_headers(const HttpCall& call, const Manner& manner) {
  if (call.repeat != Repeat::keyed) return {};
  std::string id = uuid_of(manner.key.empty() ? parts_.ids.secret(16) : manner.key);
  net::Headers headers;
  headers.push_back({"Repeatability-Request-ID", std::move(id)});
  headers.push_back(
      {"Repeatability-First-Sent", text::to_rfc2822(manner.first_sent.value_or(parts_.clock.wall()), "GMT")});
  return headers;
}

asio::awaitable<Result<net::ClientRequest>> CallAutomation::prepared(const HttpCall& call,
                                                                     const net::Headers& repeatability) {
  Signable parts;
  parts.method = call.method;
  parts.target = call.target;
  parts.host = parts_.endpoint.host;
  parts.body = call.body;
  auto headers = co_await parts_.credential->authorize(parts);
  if (!headers) co_return headers.error();
  headers->push_back({"Accept", "application/json"});
  if (!call.body.empty()) headers->push_back({"Content-Type", "application/json"});
  headers->insert(headers->end(), repeatability.begin(), repeatability.end());
  net::ClientRequest request;
  request.method = call.method;
  request.url = parts_.endpoint.url + call.target;
  request.headers = std::move(*headers);
  request.body = call.body;
  request.max_body_bytes = max_answer;
  co_return request;
}

asio::awaitable<Result<std::string>> CallAutomation::send(HttpCall call, Manner manner) {
  if (!configured()) {
    co_return make_error("provider_not_configured", "set AZURE_COMMUNICATION_CONNECTION_STRING to command calls");
  }
  const net::Headers repeatability = repeatability_headers(call, manner);
  const RetryProfile usual = is_urgent(call.operation) ? ringing : parts_.settings.profile;
  const Exchange what{call.operation, call.repeat,      manner.profile.value_or(usual),
                      parts_.clock,   parts_.ids,       parts_.wait,
                      breaker_,       parts_.on_attempt};
  const Prepare prepare = [&] { return prepared(call, repeatability); };
  auto response = co_await exchange(what, prepare);
  if (!response) co_return response.error();
  if (response->status / 100 == 2) co_return std::move(response->body);
  Error error = error_of(call.operation, response->status, read_error(response->body));
  error.detail += trace_of(*response);
  co_return error;
}

template <class T>
CallAutomation::Answered<T> CallAutomation::ask(Result<HttpCall> call, Manner manner,
                                                Result<T> (*read)(std::string_view)) {
  if (!call) co_return call.error();
  const auto body = co_await send(std::move(*call), std::move(manner));
  if (!body) co_return body.error();
  co_return read(*body);
}

CallAutomation::Answered<std::vector<Participant>> CallAutomation::list_participants(requests::ListParticipants request,
                                                                                     Manner manner) {
  auto call = to_http(request, parts_.settings.api_version);
  if (!call) co_return call.error();
  std::vector<Participant> all;
  for (std::size_t page_number = 0; page_number < max_pages; ++page_number) {
    const auto body = co_await send(std::move(*call), manner);
    if (!body) co_return body.error();
    auto page = read_participants(*body, parts_.endpoint.url);
    if (!page) co_return page.error();
    std::move(page->participants.begin(), page->participants.end(), std::back_inserter(all));
    if (page->next.empty() || all.size() > max_participants) break;
    call = requests::next_page(std::move(page->next));
  }
  if (all.size() > max_participants) all.resize(max_participants);
  co_return all;
}

// One line an operation: what is asked, and how the answer is read. Everything is copied before these return.

using Calls = CallAutomation;

Calls::Answered<CallConnection> Calls::create(const requests::Create& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_call_connection);
}
Calls::Answered<CallConnection> Calls::answer(const requests::Answer& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_call_connection);
}
Calls::Answered<CallConnection> Calls::connect(const requests::Connect& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_call_connection);
}
Calls::Answered<CallConnection> Calls::get(const requests::GetCall& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_call_connection);
}
Calls::Answered<Participant> Calls::get_participant(const requests::GetParticipant& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_participant);
}
Calls::Answered<AddedParticipant> Calls::add_participant(const requests::AddParticipant& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_added);
}
Calls::Answered<RecordingState> Calls::start_recording(const requests::StartRecording& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_recording_state);
}
Calls::Answered<RecordingState> Calls::get_recording(std::string recording, Manner manner) {
  const requests::Recording request{std::move(recording), requests::Recording::Action::get};
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_recording_state);
}
Calls::Answered<Done> Calls::redirect(const requests::Redirect& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_done);
}
Calls::Answered<Done> Calls::reject(const requests::Reject& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_done);
}
Calls::Answered<Done> Calls::hang_up(const requests::HangUp& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_done);
}
Calls::Answered<Done> Calls::terminate(const requests::Terminate& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_done);
}
Calls::Answered<Done> Calls::transfer(const requests::Transfer& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_done);
}
Calls::Answered<Done> Calls::remove_participant(const requests::RemoveParticipant& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_done);
}
Calls::Answered<Done> Calls::mute(const requests::Mute& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_done);
}
Calls::Answered<Done> Calls::cancel_add(const requests::CancelAdd& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_done);
}
Calls::Answered<Done> Calls::move_here(const requests::MoveHere& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_done);
}
Calls::Answered<Done> Calls::play(const requests::Play& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_done);
}
Calls::Answered<Done> Calls::recognize(const requests::Recognize& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_done);
}
Calls::Answered<Done> Calls::cancel_media(const requests::CancelMedia& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_done);
}
Calls::Answered<Done> Calls::continuous_dtmf(const requests::ContinuousDtmf& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_done);
}
Calls::Answered<Done> Calls::send_dtmf(const requests::SendDtmf& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_done);
}
Calls::Answered<Done> Calls::hold(const requests::Hold& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_done);
}
Calls::Answered<Done> Calls::unhold(const requests::Unhold& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_done);
}
Calls::Answered<Done> Calls::stream_media(const requests::StreamMedia& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_done);
}
Calls::Answered<Done> Calls::transcribe(const requests::Transcribe& request, Manner manner) {
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_done);
}
Calls::Answered<Done> Calls::stop_recording(std::string recording, Manner manner) {
  const requests::Recording request{std::move(recording), requests::Recording::Action::stop};
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_done);
}
Calls::Answered<Done> Calls::pause_recording(std::string recording, Manner manner) {
  const requests::Recording request{std::move(recording), requests::Recording::Action::pause};
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_done);
}
Calls::Answered<Done> Calls::resume_recording(std::string recording, Manner manner) {
  const requests::Recording request{std::move(recording), requests::Recording::Action::resume};
  return ask(to_http(request, parts_.settings.api_version), std::move(manner), read_done);
}

}  // namespace trunkline::providers::acs

#include "providers/acs/commands.hpp"

namespace trunkline::providers::acs {
namespace {

using Word = std::optional<calls::ProviderWord>;

const std::string connection_name = "callConnectionId";

calls::ProviderWord word_of(ConnectionState state) {
  switch (state) {
    case ConnectionState::unknown:
    case ConnectionState::connecting:
      return {calls::State::connecting, "connecting", "", {}, {}};
    case ConnectionState::connected:
    case ConnectionState::transferring:
    case ConnectionState::transfer_accepted:
      return {calls::State::connected, "connected", "", {}, {}};
    case ConnectionState::disconnecting:
    case ConnectionState::disconnected:
      break;
  }
  return {calls::State::ended, "disconnected", "completed", {}, {}};
}

}  // namespace

std::string connection_of(const calls::Call& call) {
  const auto name = call.metadata.find(connection_name);
  return name == call.metadata.end() ? "" : name->second;
}

asio::awaitable<Result<>> Commands::hang_up(const calls::Call& call) {
  if (!configured_) {
    co_return make_error("provider_not_configured", "set AZURE_COMMUNICATION_CONNECTION_STRING to end calls");
  }
  requests::Terminate request{connection_of(call)};
  if (request.call.empty()) co_return make_error("provider_failed", "the call was not answered yet");
  Manner manner{"terminate/" + call.id, std::nullopt, brief};
  const auto done = co_await client_.terminate(request, std::move(manner));
  if (done || done.error().code == "call_not_found_there") co_return Result<>{};
  co_return done.error();
}

// A call that we never answered cannot be asked about: it rings for half a minute at most.
asio::awaitable<Result<Word>> Commands::fetch(const calls::Call& call) {
  if (!configured_) {
    co_return make_error("provider_not_configured", "set AZURE_COMMUNICATION_CONNECTION_STRING to ask about calls");
  }
  requests::GetCall request{connection_of(call)};
  if (request.call.empty()) {
    co_return Word(calls::ProviderWord{calls::State::missed, "not answered", "no-answer", {}, {}});
  }
  Manner manner{"", std::nullopt, brief};
  const auto connection = co_await client_.get(request, std::move(manner));
  if (connection) co_return Word(word_of(connection->state));
  if (connection.error().code == "call_not_found_there") co_return Word();
  co_return connection.error();
}

asio::awaitable<Result<>> Commands::check() {
  const auto checked = co_await client_.check();
  if (!checked) co_return checked.error();
  co_return Result<>{};
}

}  // namespace trunkline::providers::acs

#include "providers/acs/intake.hpp"

#include <trunkline/observe/log.hpp>

#include <algorithm>
#include <array>
#include <utility>

// Recordings that the service made. They lie with it for a day: what is acknowledged is on its way into the library.
namespace trunkline::providers::acs {
namespace {

using nlohmann::json;

constexpr std::string_view provider = "acs";

std::string to_text(const json& data) {
  return data.dump(-1, ' ', false, json::error_handler_t::replace);
}

// Put into a container of the customer's own by the service: it is not the service's to hand out any more.
bool lies_elsewhere(const RecordingFiles& files) {
  return files.storage_type.find("blob") != std::string::npos;
}

std::string format_of(const RecordingFiles& files) {
  static constexpr std::array<std::string_view, 3> known = {"wav", "mp3", "mp4"};
  return std::ranges::find(known, files.format) == known.end() ? "bin" : files.format;
}

json common_data(const RecordingFiles& files) {
  json data = {{"providerRecordingId", files.recording_id},
               {"source", provider},
               {"format", files.format},
               {"channelType", files.channel_type}};
  if (files.duration) data["durationMs"] = files.duration->count();
  return data;
}

// A query may be what opens the place to its bearer.
std::string without_query(const std::string& location) {
  return location.substr(0, location.find('?'));
}

json kept_there(const RecordingFiles& files) {
  json data = common_data(files);
  data["parts"] = json::array();
  for (const auto& chunk : files.chunks) data["parts"].push_back(without_query(chunk.content_location));
  data["url"] = data["parts"].front();
  return data;
}

json nothing_there(const RecordingFiles& files) {
  json data = common_data(files);
  data["reason"] = "no_files";
  data["message"] = "the provider told of a recording without files";
  return data;
}

std::vector<calls::ProviderFile> to_fetch(const RecordingFiles& files, bool remove) {
  std::vector<calls::ProviderFile> out;
  for (const auto& chunk : files.chunks) {
    calls::ProviderFile file;
    file.recording = files.recording_id;
    file.part = chunk.index;
    file.name = chunk.document_id.empty() ? std::to_string(chunk.index) : chunk.document_id;
    file.format = format_of(files);
    file.location = chunk.content_location;
    if (remove) file.delete_location = chunk.delete_location;
    file.started_at = files.started_at;
    if (files.chunks.size() == 1) file.duration = files.duration.value_or(milliseconds{0});
    out.push_back(std::move(file));
  }
  return out;
}

}  // namespace

asio::awaitable<Result<calls::Call>> Intake::call_of(const RecordingFiles& files) const {
  auto call = co_await call_named("serverCallId", files.server_call_id);
  if (call || call.error().code != "call_not_found" || files.call_id.empty()) co_return call;
  co_return co_await parts_.services.media.calls.find_by_provider_id(std::string(provider), files.call_id);
}

// What there is to tell of the files, and to do about them.
calls::StatusUpdate Intake::update_for(const RecordingFiles& files) const {
  calls::StatusUpdate update;
  update.provider = provider;
  update.at = parts_.services.media.clock.wall();
  if (files.chunks.empty()) {
    update.type = calls::EventType::recording_failed;
    update.data = to_text(nothing_there(files));
  } else if (parts_.settings.fetch_recordings && !lies_elsewhere(files)) {
    json data = common_data(files);
    data["parts"] = files.chunks.size();
    update.type = calls::EventType::recording_started;
    update.data = to_text(data);
    update.files = to_fetch(files, parts_.settings.delete_fetched_recordings);
  } else {
    update.type = calls::EventType::recording_completed;
    update.data = to_text(kept_there(files));
  }
  return update;
}

asio::awaitable<Intake::Outcome> Intake::files(const Envelope& envelope) {
  const auto files = read_file_status(envelope);
  if (!files) co_return files.error();
  const auto call = co_await call_of(*files);
  if (!call && call.error().code != "call_not_found") co_return call.error();
  if (!call) {
    log::warn("a recording of a call that is not known", {{"providerRecordingId", files->recording_id}});
    co_return EventOutcome{};
  }
  calls::StatusUpdate update = update_for(*files);
  update.inbox_key = inbox_key(envelope);
  update.provider_call_id = call->provider_call_id;
  const auto taken = co_await parts_.reception.update(std::move(update), std::nullopt);
  if (!taken) co_return taken.error();
  co_return EventOutcome{taken->call_id, taken->repeated};
}

}  // namespace trunkline::providers::acs

#include "providers/acs/request_body.hpp"

#include <trunkline/base/text.hpp>

// The service's own recordings.
namespace trunkline::providers::acs::requests {
namespace {

using nlohmann::json;

constexpr std::size_t max_channels = 5;

const char* name_of(StartRecording::Format format) {
  return format == StartRecording::Format::mp3 ? "mp3" : format == StartRecording::Format::mp4 ? "mp4" : "wav";
}

void check_start(Check& check, const StartRecording& request) {
  check.that(request.call.empty() == request.locator.has_value(), "callLocator",
             "must be there when callConnectionId is not, and only then");
  check.text("callConnectionId", request.call, 512);
  if (request.locator) check.locator(*request.locator);
  check.text("recordingStateCallbackUri", request.state_callback_uri);
  check.that(!request.unmixed || (request.format == StartRecording::Format::wav && !request.video),
             "recordingFormatType", "must be wav, and audio alone, for an unmixed recording");
  check.that(request.video == (request.format == StartRecording::Format::mp4), "recordingFormatType",
             "must be mp4 for video, and for nothing else");
  check.that(request.channels.size() <= max_channels, "channelAffinity", "has more than 5 entries");
  for (const auto& [channel, participant] : request.channels) {
    check.range("channelAffinity.channel", channel, 0, 4);
    check.party("channelAffinity.participant", participant);
  }
  check.parties("audioChannelParticipantOrdering", request.channel_order, 0);
  check.that(request.channel_order.size() <= max_channels, "audioChannelParticipantOrdering",
             "has more than 5 entries");
  check.text("recordingDestinationContainerUrl", request.container_url);
}

}  // namespace

Result<HttpCall> to_http(const StartRecording& request, std::string_view api_version) {
  Check check;
  check_start(check, request);
  json body = {{"recordingContentType", request.video ? "audioVideo" : "audio"},
               {"recordingChannelType", request.unmixed ? "unmixed" : "mixed"},
               {"recordingFormatType", name_of(request.format)}};
  if (request.locator) body["callLocator"] = wire_of(*request.locator);
  put(body, "callConnectionId", request.call);
  put(body, "recordingStateCallbackUri", request.state_callback_uri);
  put(body, "audioChannelParticipantOrdering", request.channel_order);
  for (const auto& [channel, participant] : request.channels) {
    body["channelAffinity"].push_back({{"channel", channel}, {"participant", to_wire(participant)}});
  }
  if (request.paused) body["pauseOnStart"] = true;
  if (!request.container_url.empty()) {
    body["externalStorage"] = {{"recordingStorageKind", "azureBlobStorage"},
                               {"recordingDestinationContainerUrl", request.container_url}};
  }
  HttpCall call = make_call("start recording", std::string("/calling/recordings?api-version=").append(api_version),
                            body, Repeat::keyed, 200);
  call.expected.push_back(202);
  return unless_wrong(check, std::move(call));
}

Result<HttpCall> to_http(const Recording& request, std::string_view api_version) {
  using Action = Recording::Action;
  Check check;
  check.needed("recordingId", request.recording, 2'048);
  const auto target = [&](std::string_view action) {
    std::string out = "/calling/recordings/" + text::percent_encode(request.recording);
    return out.append(action).append("?api-version=").append(api_version);
  };
  switch (request.action) {
    case Action::stop:
      return unless_wrong(check, make_call("stop recording", "DELETE", target(""), Repeat::safe, 204));
    case Action::pause:
      return unless_wrong(check, make_call("pause recording", "POST", target(":pause"), Repeat::safe, 202));
    case Action::resume:
      return unless_wrong(check, make_call("resume recording", "POST", target(":resume"), Repeat::safe, 202));
    case Action::get:
      break;
  }
  return unless_wrong(check, make_call("get recording", "GET", target(""), Repeat::safe, 200));
}

}  // namespace trunkline::providers::acs::requests

#include "acs.hpp"

#include <nlohmann/json.hpp>

#include <charconv>
#include <chrono>

namespace streamload {
namespace {

using nlohmann::json;

constexpr const char* events_path = "/webhooks/azure/events";
constexpr const char* topic =
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/benchmark/providers/Microsoft.Communication/"
    "communicationServices/benchmark";
constexpr const char* caller = "+16045551234";
constexpr const char* callee = "+18005550100";

std::int64_t wall_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

// RFC 3339 with milliseconds.
void put_time(Text& out, std::int64_t ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds{ms}};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  out.digits(static_cast<unsigned>(static_cast<int>(date.year())), 4) << "-";
  out.digits(static_cast<unsigned>(date.month()), 2) << "-";
  out.digits(static_cast<unsigned>(date.day()), 2) << "T";
  out.digits(static_cast<unsigned>(clock.hours().count()), 2) << ":";
  out.digits(static_cast<unsigned>(clock.minutes().count()), 2) << ":";
  out.digits(static_cast<unsigned>(clock.seconds().count()), 2) << ".";
  out.digits(static_cast<unsigned>(clock.subseconds().count()), 3) << "Z";
}

std::string now() {
  char text[32];
  Text out(text);
  put_time(out, wall_ms());
  return {text, out.end()};
}

enum class Name : char { correlation = 'a', connection = 'b', subscription = 'c', event = 'd', callback = 'e' };

// A UUID of a call's, another for each thing that has a name.
std::string uuid_of(Name name, const CallIdentity& call) {
  const std::string& id = call.id;
  return static_cast<char>(name) + id.substr(1, 7) + "-" + id.substr(8, 4) + "-" + id.substr(12, 4) + "-" +
         id.substr(16, 4) + "-" + id.substr(20);
}

std::string server_call_id(const CallIdentity& call) {
  return "aHR0cHM6Ly9hcGkuYmVuY2htYXJr" + call.id;
}

json phone(const std::string& number) {
  return {{"kind", "phoneNumber"}, {"rawId", "4:" + number}, {"phoneNumber", {{"value", number}}}};
}

}  // namespace

Acs::Acs(const Options& options) : options_(options), began_ms_(wall_ms()) {}

std::string Acs::announcement(const CallIdentity& call) const {
  const json event = {{"id", uuid_of(Name::event, call)},
                      {"topic", topic},
                      {"subject", std::string("/caller/4:") + caller + "/recipient/4:" + callee},
                      {"data",
                       {{"to", phone(callee)},
                        {"from", phone(caller)},
                        {"serverCallId", server_call_id(call)},
                        {"callerDisplayName", ""},
                        {"customContext", {{"sipHeaders", json::object()}, {"voipHeaders", json::object()}}},
                        {"incomingCallContext", context_of(call)},
                        {"correlationId", uuid_of(Name::correlation, call)}}},
                      {"eventType", "Microsoft.Communication.IncomingCall"},
                      {"dataVersion", "1.0"},
                      {"metadataVersion", "1"},
                      {"eventTime", now()}};
  return post(options_, events_path,
              "Content-Type: application/json; charset=utf-8\r\naeg-event-type: Notification\r\n"
              "aeg-subscription-name: CALLS\r\naeg-delivery-count: 0\r\naeg-data-version: 1.0\r\n"
              "aeg-metadata-version: 1\r\nX-Event-Grid-Secret: " +
                  options_.webhook->secret + "\r\n",
              json::array({event}).dump());
}

std::optional<StreamTarget> Acs::target_in(std::string_view /*answer*/) const {
  return std::nullopt;
}

std::vector<std::string> Acs::opening(const CallIdentity& call, const std::string& /*token*/) const {
  return {R"({"kind":"AudioMetadata","audioMetadata":{"subscriptionId":")" + uuid_of(Name::subscription, call) +
          R"(","encoding":"PCM","sampleRate":16000,"channels":1,"length":640}})"};
}

void Acs::put_frame(Text& out, const CallIdentity& /*call*/, std::uint32_t frame, std::string_view audio) const {
  out << R"({"kind":"AudioData","audioData":{"timestamp":")";
  put_time(out, began_ms_ + std::int64_t{frame} * 20);
  out << R"(","data":")" << audio << R"(","silent":false}})";
}

std::string Acs::ending(const CallIdentity& /*call*/, std::uint32_t /*frames*/) const {
  return {};
}

std::string Acs::farewell(const CallIdentity& call, const std::string& path) const {
  if (path.empty()) return {};
  const std::string connection = uuid_of(Name::connection, call);
  const std::string source = "calling/callConnections/" + connection;
  const json event = {
      {"id", uuid_of(Name::callback, call)},
      {"source", source},
      {"type", "Microsoft.Communication.CallDisconnected"},
      {"data",
       {{"callConnectionId", connection},
        {"serverCallId", server_call_id(call)},
        {"correlationId", uuid_of(Name::correlation, call)},
        {"resultInformation", {{"code", 200}, {"subCode", 7000}, {"message", "The conversation has ended."}}}}},
      {"time", now()},
      {"specversion", "1.0"},
      {"datacontenttype", "application/json"},
      {"subject", source}};
  return post(options_, path,
              "Content-Type: application/cloudevents-batch+json; charset=utf-8\r\nX-Event-Grid-Secret: " +
                  options_.webhook->secret + "\r\n",
              json::array({event}).dump());
}

std::string Acs::context_of(const CallIdentity& call) {
  return call.id + "." + std::to_string(call.index);
}

std::optional<unsigned> Acs::index_in(std::string_view context) {
  const std::size_t dot = context.find('.');
  unsigned index = 0;
  if (dot == context.npos) return std::nullopt;
  const char* end = context.data() + context.size();
  const auto [at, error] = std::from_chars(context.data() + dot + 1, end, index);
  return error == std::errc() && at == end ? std::optional(index) : std::nullopt;
}

std::string Acs::properties_of(const CallIdentity& call, const std::string& callback_url) {
  const json properties = {{"callConnectionId", uuid_of(Name::connection, call)},
                           {"serverCallId", server_call_id(call)},
                           {"targets", json::array({phone(callee)})},
                           {"callConnectionState", "connecting"},
                           {"callbackUri", callback_url},
                           {"source", phone(caller)},
                           {"correlationId", uuid_of(Name::correlation, call)},
                           {"mediaStreamingSubscription",
                            {{"id", uuid_of(Name::subscription, call)},
                             {"state", "inactive"},
                             {"subscribedContentTypes", json::array({"audio"})}}},
                           {"answeredFor", {{"value", callee}}}};
  return properties.dump();
}

}  // namespace streamload

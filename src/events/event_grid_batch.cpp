#include "events/event_grid_batch.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/net/url.hpp>

#include <algorithm>

namespace trunkline::events::grid {
namespace {

constexpr std::size_t max_body = 1'000'000;
constexpr std::string_view path = "/api/events";
constexpr milliseconds shortest{1'000};
constexpr milliseconds longest{60'000};

bool is_published(std::string_view type) {
  return type.starts_with("call.") || type.starts_with("transcript.");
}

std::string json_of(const calls::Event& event, const std::string& topic) {
  std::string out = "{\"id\":";
  const auto add = [&](std::string_view name, std::string_view value) {
    out.append(name);
    text::append_json_string(out, value);
  };
  text::append_json_string(out, event.id);
  if (!topic.empty()) add(",\"topic\":", topic);
  add(",\"subject\":", "/calls/" + event.call_id);
  add(",\"eventType\":", "Trunkline." + std::string(calls::to_string(event.type)));
  add(",\"eventTime\":", text::to_rfc3339(event.at));
  out += ",\"dataVersion\":\"1\",\"data\":" + calls::to_json_text(event) + "}";
  return out;
}

}  // namespace

std::string publish_url(const config::EventGrid& settings) {
  std::string url = settings.endpoint;
  if (!url.ends_with(path)) url += path;
  return url + "?api-version=2018-01-01";
}

std::string topic_of(const config::EventGrid& settings) {
  const auto url = net::parse_url(settings.endpoint);
  const bool named_by_host = url && text::iequals(url->host.substr(0, url->host.find('.')), settings.topic_name);
  return named_by_host ? "" : settings.topic_name;
}

Batch make_batch(std::span<const calls::Event> events, std::size_t most, const std::string& topic) {
  Batch batch{"[", 0, events.front().seq - 1};
  for (const calls::Event& event : events) {
    if (is_published(calls::to_string(event.type))) {
      const std::string json = json_of(event, topic);
      if (batch.events == most || (batch.events > 0 && batch.body.size() + json.size() + 2 > max_body)) break;
      if (batch.events++ > 0) batch.body += ',';
      batch.body += json;
    }
    batch.last_seq = event.seq;
  }
  batch.body += ']';
  return batch;
}

Next judge(int status, std::size_t events) {
  if (status >= 200 && status < 300) return Next::advance;
  if (status != 400 && status != 413) return Next::wait;
  return events > 1 ? Next::smaller : Next::skip;
}

milliseconds back_off(std::int64_t failures) {
  const auto doublings = std::clamp<std::int64_t>(failures - 1, 0, 6);
  return std::min(shortest * (std::int64_t{1} << doublings), longest);
}

}  // namespace trunkline::events::grid

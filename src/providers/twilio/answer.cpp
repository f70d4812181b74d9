#include <trunkline/providers/twilio/answer.hpp>

namespace trunkline::providers::twilio {
namespace {

twiml::Stream stream_of(const AnswerPlan& plan) {
  return {plan.stream_url, plan.stream_name, {}, plan.stream_status_callback, {{"token", plan.token}}};
}

twiml::Document connected_to_us(const AnswerPlan& plan) {
  // Without the hang-up, a line would stay open, silent and billed, after the socket is gone.
  return {{twiml::Connect{stream_of(plan), {}}, twiml::Hangup{}}};
}

twiml::Document dialled_on(const AnswerPlan& plan) {
  const config::Route& route = plan.route;
  twiml::Stream stream = stream_of(plan);
  stream.track = "both_tracks";
  twiml::Document out{{twiml::Start{std::move(stream)}}};
  for (const std::string& text : {route.announcement, route.greeting}) {
    if (!text.empty()) out.verbs.emplace_back(twiml::Say{text, route.language, {}});
  }
  out.verbs.emplace_back(twiml::Dial{route.dial, route.caller_id, {}, {}});
  out.verbs.emplace_back(twiml::Hangup{});
  return out;
}

}  // namespace

twiml::Document answer(const AnswerPlan& plan) {
  if (!plan.route.reject.empty()) return {{twiml::Reject{plan.route.reject}}};
  return plan.route.dial.empty() ? connected_to_us(plan) : dialled_on(plan);
}

twiml::Document refusal() {
  return {{twiml::Reject{"busy"}}};
}

}  // namespace trunkline::providers::twilio

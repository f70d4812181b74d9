#include "providers/twilio/xml.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/providers/twilio/twiml.hpp>

#include <limits>

namespace trunkline::providers::twilio::twiml {
namespace {

Error too_large() {
  return make_error("twiml_too_large", "a TwiML document has " + std::to_string(max_document_bytes) + " bytes at most");
}

Element element(std::string name, std::string text = {}) {
  return {std::move(name), {}, std::move(text), {}};
}

Element stream_element(const Stream& stream) {
  Element out = element("Stream");
  out.set("url", stream.url);
  out.set("name", stream.name);
  out.set("track", stream.track);
  out.set("statusCallback", stream.status_callback);
  for (const auto& [name, value] : stream.parameters) {
    Element& parameter = out.children.emplace_back(element("Parameter"));
    parameter.attributes = {{"name", name}, {"value", value}};
  }
  return out;
}

constexpr std::string_view client_scheme = "client:";

Element noun_of(const std::string& party) {
  if (party.starts_with(client_scheme)) return element("Client", party.substr(client_scheme.size()));
  return element(party.starts_with("sip") ? "Sip" : "Number", party);
}

struct ToElement {
  Element operator()(const Say& say) const {
    Element out = element("Say", say.text);
    out.set("language", say.language);
    out.set("voice", say.voice);
    return out;
  }
  Element operator()(const Pause& pause) const {
    Element out = element("Pause");
    out.set("length", std::to_string(pause.length_s));
    return out;
  }
  Element operator()(const Play& play) const {
    Element out = element("Play", play.url);
    out.set("digits", play.digits);
    return out;
  }
  Element operator()(const Connect& connect) const {
    Element out = element("Connect");
    out.set("action", connect.action);
    out.children.push_back(stream_element(connect.stream));
    return out;
  }
  Element operator()(const Start& start) const {
    Element out = element("Start");
    out.children.push_back(stream_element(start.stream));
    return out;
  }
  Element operator()(const Dial& dial) const {
    Element out = element("Dial");
    out.set("callerId", dial.caller_id);
    out.set("action", dial.action);
    if (dial.timeout_s) out.set("timeout", std::to_string(*dial.timeout_s));
    out.children.push_back(noun_of(dial.number));
    return out;
  }
  Element operator()(const Reject& reject) const {
    Element out = element("Reject");
    out.set("reason", reject.reason);
    return out;
  }
  Element operator()(const Hangup&) const { return element("Hangup"); }
  Element operator()(const Redirect& redirect) const {
    Element out = element("Redirect", redirect.url);
    out.set("method", redirect.method);
    return out;
  }
};

Error invalid(const std::string& problem) {
  return make_error("invalid_twiml", problem);
}

std::string copy(const Element& from, std::string_view attribute) {
  return std::string(from.attribute(attribute));
}
std::string trimmed_text(const Element& from) {
  return std::string(text::trim(from.text));
}

Result<std::uint32_t> seconds(const Element& from, std::string_view attribute) {
  const auto value = text::to_uint(from.attribute(attribute));
  if (!value || *value > std::numeric_limits<std::uint32_t>::max()) {
    return invalid("<" + from.name + "> has no number of seconds in " + std::string(attribute));
  }
  return static_cast<std::uint32_t>(*value);
}

Result<Stream> read_stream(const Element& parent) {
  if (parent.children.size() != 1 || parent.children[0].name != "Stream") {
    return invalid("<" + parent.name + "> needs one <Stream>");
  }
  const Element& from = parent.children[0];
  Stream out{copy(from, "url"), copy(from, "name"), copy(from, "track"), copy(from, "statusCallback"), {}};
  if (out.url.empty()) return invalid("<Stream> has no url");
  for (const Element& child : from.children) {
    if (child.name != "Parameter") return invalid("<Stream> cannot hold <" + child.name + ">");
    out.parameters.push_back({copy(child, "name"), copy(child, "value")});
  }
  return out;
}

Result<Verb> read_pause(const Element& from) {
  if (from.attribute("length").empty()) return Pause{};
  const auto length = seconds(from, "length");
  if (!length) return length.error();
  return Pause{*length};
}

Result<Verb> read_play(const Element& from) {
  Play out{trimmed_text(from), copy(from, "digits")};
  if (out.url.empty() && out.digits.empty()) return invalid("<Play> has neither a URL nor digits");
  return out;
}

Result<Verb> read_connect(const Element& from) {
  auto stream = read_stream(from);
  if (!stream) return stream.error();
  return Connect{std::move(*stream), copy(from, "action")};
}

Result<Verb> read_start(const Element& from) {
  auto stream = read_stream(from);
  if (!stream) return stream.error();
  return Start{std::move(*stream)};
}

Result<std::string> read_dialled(const Element& dial) {
  if (dial.children.size() > 1) return invalid("<Dial> takes one party");
  const Element& noun = dial.children.empty() ? dial : dial.children[0];
  if (noun.name != "Dial" && noun.name != "Number" && noun.name != "Sip" && noun.name != "Client") {
    return invalid("<Dial> takes a number, or one <Number>, <Sip> or <Client>");
  }
  std::string party = trimmed_text(noun);
  if (party.empty()) return invalid("<" + noun.name + "> is empty");
  return noun.name == "Client" ? std::string(client_scheme) + party : party;
}

Result<Verb> read_dial(const Element& from) {
  auto number = read_dialled(from);
  if (!number) return number.error();
  Dial out{std::move(*number), copy(from, "callerId"), copy(from, "action"), {}};
  if (!from.attribute("timeout").empty()) {
    const auto timeout = seconds(from, "timeout");
    if (!timeout) return timeout.error();
    out.timeout_s = *timeout;
  }
  return out;
}

Result<Verb> read_redirect(const Element& from) {
  Redirect out{trimmed_text(from), copy(from, "method")};
  if (out.url.empty()) return invalid("<Redirect> has no URL");
  return out;
}

Result<Verb> read_verb(const Element& from) {
  if (from.name == "Say") return Say{from.text, copy(from, "language"), copy(from, "voice")};
  if (from.name == "Pause") return read_pause(from);
  if (from.name == "Play") return read_play(from);
  if (from.name == "Connect") return read_connect(from);
  if (from.name == "Start") return read_start(from);
  if (from.name == "Dial") return read_dial(from);
  if (from.name == "Reject") return Reject{copy(from, "reason")};
  if (from.name == "Hangup") return Hangup{};
  if (from.name == "Redirect") return read_redirect(from);
  return invalid("<" + from.name + "> is not a verb that is understood here");
}

}  // namespace

Result<std::string> to_xml(const Document& document) {
  Element response = element("Response");
  for (const Verb& verb : document.verbs) response.children.push_back(std::visit(ToElement{}, verb));
  std::string out = write_xml(response);
  if (out.size() > max_document_bytes) return too_large();
  return out;
}

Result<Document> parse_twiml(std::string_view text) {
  if (text.size() > max_document_bytes) return too_large();
  const auto root = parse_xml(text);
  if (!root) return root.error();
  if (root->name != "Response") return invalid("the root element is <" + root->name + ">, not <Response>");
  Document out;
  for (const Element& child : root->children) {
    auto verb = read_verb(child);
    if (!verb) return verb.error();
    out.verbs.push_back(std::move(*verb));
  }
  return out;
}

}  // namespace trunkline::providers::twilio::twiml

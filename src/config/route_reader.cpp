#include "config/route_reader.hpp"

#include "config/nearest.hpp"
#include "config/values.hpp"
#include "config/yaml_text.hpp"

#include <trunkline/base/phone.hpp>

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

namespace trunkline::config {
namespace {

constexpr std::size_t max_routes = 1000;
constexpr std::size_t max_phrases = 500;

bool is_pattern(std::string_view text) {
  const auto star = text.find('*');
  return star == std::string_view::npos || star + 1 == text.size();
}

bool is_language(std::string_view text) {
  return text.size() >= 2 && text.size() <= 35 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
         });
}

bool is_dialable(std::string_view text) {
  return phone::is_e164(text) || (text.find(':') != std::string_view::npos && phone::is_party(text));
}

constexpr Shape pattern{is_pattern, "may have `*` at its end only"};
constexpr Shape party{is_dialable, "is neither a number in E.164 nor client: nor sip: address"};

const RouteKey table[] = {
    {"name", &Route::name, Anything{}, "sales", "Required and unique; shown in a call's record."},
    {"provider", &Route::provider, OneOf{"twilio acs"}, "twilio", "Matches calls of this provider."},
    {"to", &Route::to, pattern, "\"+1415555*\"", "Matches the called number, exact or by prefix."},
    {"from", &Route::from, pattern, "\"+49*\"", "Matches the caller, exact or by prefix."},
    {"greeting", &Route::greeting, Anything{}, "How can we help?", "Spoken to the caller."},
    {"announcement", &Route::announcement, Anything{}, "This call is recorded.", "Spoken before the greeting."},
    {"record", &Route::record, Anything{}, "true", "Record the call."},
    {"transcribe", &Route::transcribe, Anything{}, "true", "Transcribe the call."},
    {"engine", &Route::engine, OneOf{"deepgram embedded"}, "embedded",
     "What transcribes; without it Deepgram when there is a key, else the embedded recogniser."},
    {"language", &Route::language, Shape{is_language, "is not a language tag"}, "en-US", "Language spoken, as BCP 47."},
    {"phrases", &Route::phrases, Anything{}, "[billing, technical support]",
     "What the embedded recogniser understands besides digits and yes or no."},
    {"dial", &Route::dial, party, "\"+14155550123\"", "Connect the caller on to this number and listen."},
    {"caller_id", &Route::caller_id, party, "\"+14155550100\"", "Number shown to the one who is dialled."},
    {"reject", &Route::reject, OneOf{"rejected busy"}, "busy", "Do not answer, for this reason."},
};

class RouteReader {
 public:
  RouteReader(std::string place, Document& document) : place_(std::move(place)), document_(document) {}

  Route read(const YAML::Node& node) {
    if (!node.IsMap()) {
      wrong(node, place_, "is not a route", "{name: sales}");
      return route_;
    }
    std::set<std::string> seen;
    for (const auto& entry : node) {
      const std::string name = text_of(entry.first);
      if (!seen.insert(name).second) {
        wrong(entry.first, place_ + "." + name, "is given twice", "");
      } else {
        member(entry.first, name, entry.second);
      }
    }
    check(node);
    return route_;
  }

 private:
  void member(const YAML::Node& key_node, const std::string& name, const YAML::Node& value) {
    const auto key =
        std::find_if(std::begin(table), std::end(table), [&](const RouteKey& k) { return k.name == name; });
    if (key == std::end(table)) {
      std::vector<std::string_view> known;
      for (const RouteKey& one : table) known.push_back(one.name);
      const std::string near(nearest(name, known));
      return wrong(key_node, place_ + "." + name, "is not known" + (near.empty() ? "" : "; did you mean " + near + "?"),
                   "");
    }
    if (value.IsNull()) return;
    const auto read = std::visit([&](auto field) { return assign_key(value, key->rule, route_.*field); }, key->field);
    if (!read) wrong(value, place_ + "." + name, read.error().message, std::string(key->example));
  }

  static Result<> assign_key(const YAML::Node& node, const Rule& rule, std::vector<std::string>& field) {
    const auto items = items_of(node);
    if (!items) return items.error();
    if (items->size() > max_phrases) {
      return make_error("invalid_value", "has more than " + std::to_string(max_phrases) + " items");
    }
    for (const std::string& item : *items) {
      const auto read = read_value(item, rule, field.emplace_back());
      if (!read) return read.error();
    }
    return {};
  }

  template <class T>
  static Result<> assign_key(const YAML::Node& node, const Rule& rule, T& field) {
    if (!node.IsScalar()) return make_error("invalid_value", "is not a plain value");
    const std::string text = text_of(node);
    return text.empty() ? Result<>{} : read_value(text, rule, field);
  }

  void check(const YAML::Node& node) {
    if (route_.name.empty()) wrong(node, place_ + ".name", "is missing", "sales");
    if (!route_.reject.empty() && !route_.dial.empty()) {
      wrong(node, place_ + ".dial", "cannot be combined with reject", "");
    }
    if (!route_.caller_id.empty() && route_.dial.empty()) {
      wrong(node, place_ + ".caller_id", "means nothing without dial", "");
    }
  }

  void wrong(const YAML::Node& where, std::string path, const std::string& what, std::string example) {
    document_.problems.push_back({std::move(path), what + at_line(where), std::move(example)});
  }

  std::string place_;
  Document& document_;
  Route route_;
};

}  // namespace

std::span<const RouteKey> route_keys() {
  return table;
}

void read_routes(const YAML::Node& list, Document& document) {
  if (!list.IsSequence()) {
    document.problems.push_back({"routes", "is not a list" + at_line(list), "routes: [{name: sales}]"});
    return;
  }
  if (list.size() > max_routes) {
    document.problems.push_back({"routes", "has more than " + std::to_string(max_routes) + " entries", ""});
    return;
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string place = "routes[" + std::to_string(i) + "]";
    document.routes.push_back(RouteReader(place, document).read(list[i]));
    const std::string& name = document.routes.back().name;
    if (!name.empty() && !names.insert(name).second) {
      document.problems.push_back({place + ".name", "'" + name + "' is the name of an earlier route", ""});
    }
  }
}

}  // namespace trunkline::config

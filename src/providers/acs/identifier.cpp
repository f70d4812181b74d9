#include <trunkline/base/json.hpp>
#include <trunkline/base/phone.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/identifier.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace trunkline::providers::acs {
namespace {

using nlohmann::json;
using Kind = Identifier::Kind;

constexpr std::size_t max_raw_id = 512;
constexpr std::string_view phone_prefix = "4:";
constexpr std::string_view withheld = "anonymous";

// The word of `kind`, which is also the nested object's name.
struct Word {
  Kind kind;
  const char* name;
};
constexpr std::array words = {
    Word{Kind::phone, "phoneNumber"},
    Word{Kind::user, "communicationUser"},
    Word{Kind::teams_user, "microsoftTeamsUser"},
    Word{Kind::teams_app, "microsoftTeamsApp"},
    Word{Kind::teams_extension, "teamsExtensionUser"},
};

struct Prefix {
  std::string_view text;
  Kind kind;
  std::string_view cloud;
  bool anonymous = false;
};
constexpr std::array prefixes = {
    Prefix{"8:acs:", Kind::user, "public"},
    Prefix{"8:spool:", Kind::user, "public"},
    Prefix{"8:dod-acs:", Kind::user, "dod"},
    Prefix{"8:gcch-acs:", Kind::user, "gcch"},
    Prefix{"8:teamsvisitor:", Kind::teams_user, "public", true},
    Prefix{"8:orgid:", Kind::teams_user, "public"},
    Prefix{"8:dod:", Kind::teams_user, "dod"},
    Prefix{"8:gcch:", Kind::teams_user, "gcch"},
    Prefix{"28:orgid:", Kind::teams_app, "public"},
    Prefix{"28:dod:", Kind::teams_app, "dod"},
    Prefix{"28:gcch:", Kind::teams_app, "gcch"},
};

const Prefix* prefix_of(std::string_view raw_id) {
  const auto found = std::find_if(prefixes.begin(), prefixes.end(),
                                  [raw_id](const Prefix& prefix) { return raw_id.starts_with(prefix.text); });
  return found == prefixes.end() ? nullptr : &*found;
}

std::string_view rest_of(std::string_view raw_id, const Prefix& prefix) {
  return raw_id.substr(prefix.text.size());
}

// A Teams user on a resource that Teams was extended to has three parts behind the prefix of a user.
bool is_extension(std::string_view rest) {
  return std::count(rest.begin(), rest.end(), '_') == 2;
}

Error invalid(std::string message) {
  return make_error("invalid_identifier", std::move(message));
}

bool is_true(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

// `+16045551234_assertedId` is that number, too.
std::string_view number_in(std::string_view text) {
  return text.substr(0, text.find('_'));
}

void take_number(Identifier& out, std::string_view text) {
  if (text == withheld) out.anonymous = true;
  if (const auto number = number_in(text); phone::is_e164(number)) out.phone = number;
}

std::string raw_id_in(const json& wire) {
  std::string raw_id = text_of(wire, "rawId");
  return raw_id.empty() ? text_of(wire, "rawID") : raw_id;
}

// Empty when the nested object does not name anybody.
std::string join(std::string_view prefix, std::string_view name) {
  return name.empty() ? std::string() : std::string(prefix).append(name);
}

std::string teams_raw_id(std::string_view type, const json& nested, const char* key) {
  const std::string cloud = text::lower(text_of(nested, "cloud"));
  std::string prefix(type);
  prefix.append(cloud == "dod" || cloud == "gcch" ? cloud : "orgid").append(":");
  return join(prefix, text_of(nested, key));
}

std::string extension_raw_id(const json& nested) {
  const std::string cloud = text::lower(text_of(nested, "cloud"));
  const std::string user = text_of(nested, "userId");
  if (user.empty()) return {};
  std::string out = cloud == "dod" || cloud == "gcch" ? "8:" + cloud + "-acs:" : "8:acs:";
  return out.append(text_of(nested, "resourceId")).append("_").append(text_of(nested, "tenantId")).append("_") + user;
}

std::string raw_id_from(Kind kind, const json& nested) {
  switch (kind) {
    case Kind::phone:
      return is_true(nested, "isAnonymous") ? "4:anonymous" : join(phone_prefix, text_of(nested, "value"));
    case Kind::user:
      return text_of(nested, "id");
    case Kind::teams_user:
      return is_true(nested, "isAnonymous") ? join("8:teamsvisitor:", text_of(nested, "userId"))
                                            : teams_raw_id("8:", nested, "userId");
    case Kind::teams_app:
      return teams_raw_id("28:", nested, "appId");
    case Kind::teams_extension:
      return extension_raw_id(nested);
    case Kind::unknown:
      break;
  }
  return {};
}

struct Nested {
  Kind kind = Kind::unknown;
  const json* object = nullptr;
};

std::optional<Nested> nested_of(const json& wire) {
  Nested out;
  for (const Word& word : words) {
    const auto found = wire.find(word.name);
    if (found == wire.end() || !found->is_object()) continue;
    if (out.object != nullptr) return std::nullopt;
    out = {word.kind, &*found};
  }
  return out;
}

Kind kind_named(std::string_view name) {
  const auto found =
      std::find_if(words.begin(), words.end(), [name](const Word& word) { return text::iequals(word.name, name); });
  return found == words.end() ? Kind::unknown : found->kind;
}

bool is_raw_id(std::string_view text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  return text.size() <= max_raw_id && std::none_of(text.begin(), text.end(), is_control);
}

json cloud_object(const char* key, std::string_view id, const Prefix& prefix) {
  return {{key, id}, {"cloud", prefix.cloud}};
}

json phone_object(const Identifier& identifier) {
  const std::string_view raw = identifier.raw_id;
  const std::string_view text = raw.starts_with(phone_prefix) ? raw.substr(phone_prefix.size()) : "";
  json out = {{"value", identifier.phone.empty() ? std::string(text) : identifier.phone}};
  if (identifier.anonymous) out["isAnonymous"] = true;
  if (const auto at = text.rfind('_'); at != text.npos) out["assertedId"] = text.substr(at + 1);
  return out;
}

json extension_object(std::string_view rest, const Prefix& prefix) {
  const auto parts = text::split(rest, '_');
  json out = cloud_object("userId", parts.back(), prefix);
  out["resourceId"] = parts.front();
  out["tenantId"] = parts[1];
  return out;
}

json teams_user_object(const Identifier& identifier, const Prefix* prefix) {
  json out = json::object();
  if (prefix != nullptr) out = cloud_object("userId", rest_of(identifier.raw_id, *prefix), *prefix);
  if (identifier.anonymous) out["isAnonymous"] = true;
  return out;
}

// Empty when the raw id does not say what belongs into it.
json nested_object(const Identifier& identifier) {
  if (identifier.kind == Kind::phone) return phone_object(identifier);
  if (identifier.kind == Kind::user) return {{"id", identifier.raw_id}};
  const Prefix* prefix = prefix_of(identifier.raw_id);
  const std::string_view rest = prefix == nullptr ? "" : rest_of(identifier.raw_id, *prefix);
  if (identifier.kind == Kind::teams_extension) return is_extension(rest) ? extension_object(rest, *prefix) : json();
  if (prefix != nullptr && prefix->kind != identifier.kind) prefix = nullptr;
  if (identifier.kind == Kind::teams_user) return teams_user_object(identifier, prefix);
  return prefix == nullptr ? json() : cloud_object("appId", rest, *prefix);
}

// The raw id may have said something else than the kind that was told.
void settle_kind(Identifier& out, Kind told) {
  if (told != Kind::unknown) out.kind = told;
  if (out.kind != Kind::phone) out.phone.clear();
}

}  // namespace

Result<Identifier> read_identifier(const json& wire) {
  if (!wire.is_object()) return invalid("must be an object");
  const auto nested = nested_of(wire);
  if (!nested) return invalid("has more than one nested identifier");
  const Kind named = kind_named(text_of(wire, "kind"));
  if (nested->object != nullptr && named != Kind::unknown && named != nested->kind) {
    return invalid("its kind and its nested identifier contradict each other");
  }
  std::string raw_id = raw_id_in(wire);
  if (raw_id.empty() && nested->object != nullptr) raw_id = raw_id_from(nested->kind, *nested->object);
  if (raw_id.empty()) return invalid("names nobody");
  if (!is_raw_id(raw_id)) return invalid("its raw id is too long or has control characters");

  Identifier out = from_raw_id(raw_id);
  const Kind told = nested->object != nullptr ? nested->kind : named;
  settle_kind(out, told);
  if (nested->object == nullptr) return out;
  const bool may_hide = out.kind == Kind::phone || out.kind == Kind::teams_user;
  if (may_hide && is_true(*nested->object, "isAnonymous")) out.anonymous = true;
  if (out.kind == Kind::phone) take_number(out, text_of(*nested->object, "value"));
  return out;
}

Identifier phone_number(std::string e164) {
  std::string raw_id = std::string(phone_prefix) + e164;
  return {Identifier::Kind::phone, std::move(raw_id), std::move(e164), false};
}

Identifier from_raw_id(std::string_view raw_id) {
  Identifier out{Kind::unknown, std::string(raw_id), {}, false};
  if (raw_id.starts_with(phone_prefix)) {
    out.kind = Kind::phone;
    take_number(out, raw_id.substr(phone_prefix.size()));
  } else if (const Prefix* prefix = prefix_of(raw_id)) {
    const bool extension = prefix->kind == Kind::user && is_extension(rest_of(raw_id, *prefix));
    out.kind = extension ? Kind::teams_extension : prefix->kind;
    out.anonymous = prefix->anonymous;
  }
  return out;
}

json to_wire(const Identifier& identifier) {
  json out = {{"kind", "unknown"}, {"rawId", identifier.raw_id}};
  const auto word = std::find_if(words.begin(), words.end(),
                                 [&identifier](const Word& candidate) { return candidate.kind == identifier.kind; });
  if (word == words.end()) return out;
  out["kind"] = word->name;
  if (json nested = nested_object(identifier); !nested.empty()) out[word->name] = std::move(nested);
  return out;
}

std::string address_of(const Identifier& identifier) {
  return identifier.phone.empty() ? identifier.raw_id : identifier.phone;
}

}  // namespace trunkline::providers::acs

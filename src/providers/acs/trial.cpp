#include "providers/acs/trial.hpp"

#include "providers/acs/fields.hpp"

#include <utility>

namespace trunkline::providers::acs {
namespace {

using nlohmann::json;

constexpr std::size_t max_depth = 32;
constexpr std::size_t max_name = 200;
constexpr std::string_view family = "Microsoft.Communication.";

}  // namespace

Result<Trial> read_trial(std::string_view body, WallTime now, Ids& ids) {
  auto parsed = fields::parse(body, max_depth);
  if (!parsed) return parsed.error();
  if (!parsed->is_object()) return fields::bad("it", "must be an object");
  auto type = fields::name_at(*parsed, "eventType", max_name, "");
  if (!type) return type.error();
  if (type->empty()) return fields::bad("eventType", "is missing");
  auto id = fields::name_at(*parsed, "id", max_name, "");
  if (!id) return id.error();
  auto call_id = fields::name_at(*parsed, "callId", max_name, "");
  if (!call_id) return call_id.error();
  Trial out;
  out.envelope.id = id->empty() ? ids.secret(16) : std::move(*id);
  out.envelope.source = "trial";
  out.envelope.type = type->find('.') == std::string::npos ? std::string(family) + *type : std::move(*type);
  out.envelope.time = now;
  if (const auto data = parsed->find("data"); data != parsed->end()) out.envelope.data = std::move(*data);
  out.call_id = std::move(*call_id);
  return out;
}

}  // namespace trunkline::providers::acs

#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

// Lists as REST shows them. Texts that are JSON already are put together, not parsed again.
namespace trunkline::api {

/// `[...]` of what to_json_text() makes of each.
template <class Items>
std::string json_list(const Items& items) {
  std::string out = "[";
  for (const auto& item : items) {
    if (out.size() > 1) out += ',';
    out += to_json_text(item);
  }
  return out + ']';
}

/// `{"data":[...],"nextCursor":...,"hasMore":...}`; without a cursor there is no more.
template <class Items>
std::string json_page(const Items& items, const std::string& next_cursor) {
  const std::string_view more = next_cursor.empty() ? "false" : "true";
  const std::string cursor = next_cursor.empty() ? "null" : nlohmann::json(next_cursor).dump();
  return std::string("{\"data\":")
      .append(json_list(items))
      .append(",\"nextCursor\":")
      .append(cursor)
      .append(",\"hasMore\":")
      .append(more)
      .append("}");
}

}  // namespace trunkline::api

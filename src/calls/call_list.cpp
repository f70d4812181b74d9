#include "call_log.hpp"
#include "call_queries.hpp"

#include <trunkline/base/base64.hpp>
#include <trunkline/base/text.hpp>

#include <algorithm>
#include <utility>

namespace trunkline::calls {
namespace {

using store::Value;

constexpr std::size_t max_page = 500;

/// The last call of a page: the next page goes on after it.
struct Cursor {
  std::int64_t created_at = 0;
  std::string id;
};

std::string to_text(const Cursor& cursor) {
  return base64::encode_url(std::to_string(cursor.created_at) + " " + cursor.id);
}

std::optional<Cursor> parse_cursor(std::string_view text) {
  const auto plain = base64::decode_url(text);
  const auto blank = plain ? plain->find(' ') : std::string::npos;
  if (blank == std::string::npos) return std::nullopt;
  const auto created_at = text::to_int(std::string_view(*plain).substr(0, blank));
  if (!created_at) return std::nullopt;
  return Cursor{*created_at, plain->substr(blank + 1)};
}

/// A SELECT as it grows.
class Query {
 public:
  explicit Query(std::string_view select) : text_(select) {}

  void where(std::string_view left, Value right) {
    next_condition();
    text_.append(left).append(" ").append(param(std::move(right)));
  }
  /// As part of the text: an index of some rows only is used when the statement itself says that it is about these.
  void where(std::string_view condition) {
    next_condition();
    text_.append(condition);
  }
  void where_before(const Cursor& cursor) {
    next_condition();
    text_.append("(created_at, id) < (").append(param(cursor.created_at)).append(", ");
    text_.append(param(cursor.id)).append(")");
  }
  std::vector<store::Row> run(store::Sql& sql, std::size_t limit) {
    text_.append(" ORDER BY created_at DESC, id DESC LIMIT ").append(param(static_cast<std::int64_t>(limit)));
    return sql.query(text_, params_);
  }

 private:
  void next_condition() {
    text_ += conditions_ ? " AND " : " WHERE ";
    conditions_ = true;
  }
  std::string param(Value value) {
    params_.push_back(std::move(value));
    return "$" + std::to_string(params_.size());
  }

  std::string text_;
  std::vector<Value> params_;
  bool conditions_ = false;
};

Query query_of(const CallFilter& filter) {
  Query query("SELECT snapshot FROM calls");
  if (filter.state) {
    const bool over = is_terminal(*filter.state);
    if (!over) query.where("terminal = 0");
    query.where(over ? "outcome =" : "state =", std::string(to_string(*filter.state)));
  }
  if (filter.terminal) query.where(*filter.terminal ? "terminal = 1" : "terminal = 0");
  if (!filter.provider.empty()) query.where("provider =", filter.provider);
  if (filter.direction) query.where("direction =", std::string(to_string(*filter.direction)));
  if (!filter.from.empty()) query.where("from_address =", filter.from);
  if (!filter.to.empty()) query.where("to_address =", filter.to);
  if (filter.created_after) query.where("created_at >=", to_millis(*filter.created_after));
  if (filter.created_before) query.where("created_at <", to_millis(*filter.created_before));
  return query;
}

}  // namespace

Result<Page<Call>> list_calls(store::Sql& sql, const CallFilter& filter) {
  Query query = query_of(filter);
  if (!filter.cursor.empty()) {
    const auto cursor = parse_cursor(filter.cursor);
    if (!cursor) return make_error("invalid_cursor", "the cursor is not one that a page was given with");
    query.where_before(*cursor);
  }
  const std::size_t limit = std::clamp<std::size_t>(filter.limit, 1, max_page);
  const auto rows = query.run(sql, limit + 1);  // the one too many says that there is a next page
  Page<Call> page;
  for (const store::Row& row : rows) {
    if (page.data.size() == limit) break;
    page.data.push_back(read_snapshot(row.text(0)));
  }
  if (rows.size() > limit) page.next_cursor = to_text({to_millis(page.data.back().created_at), page.data.back().id});
  return page;
}

}  // namespace trunkline::calls

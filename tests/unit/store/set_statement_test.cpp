#include "support/any_database.hpp"

#include <optional>
#include <string>
#include <vector>

namespace trunkline::store {
namespace {

using Type = SetStatement::Type;

const std::vector<SetStatement::Column> item_columns = {
    {"name", Type::text}, {"amount", Type::integer}, {"price", Type::real}};
const SetStatement insert(
    "INSERT INTO items (name, amount, price) SELECT name, amount, price FROM {rows} WHERE true "
    "ON CONFLICT (name) DO NOTHING RETURNING place",
    item_columns);
const SetStatement update("UPDATE items SET amount = rows.amount FROM {rows} WHERE items.name = rows.name",
                          item_columns);
const SetStatement select(
    "SELECT items.name, items.amount, items.price FROM {rows} JOIN items ON items.name = rows.name "
    "ORDER BY items.place {lock items}",
    {{"name", Type::text}});

struct Items {
  Items() {
    REQUIRE(test::execute(*database, "CREATE TABLE items (place INTEGER PRIMARY KEY" + identity() +
                                         ", name TEXT NOT NULL UNIQUE, amount BIGINT, price DOUBLE PRECISION)"));
  }
  std::string identity() const {
    return database->driver() == "postgres" ? " GENERATED ALWAYS AS IDENTITY" : " AUTOINCREMENT";
  }
  template <class T, class Work>
  Result<T> write(Work work) {
    return database->write_blocking<T>(std::move(work));
  }

  test::AnyDatabase home;
  std::unique_ptr<Database> database = home.open_empty();
};

TEST_CASE_METHOD(Items, "many rows are inserted in their order, looked up and changed by one statement each") {
  const auto work = [](Sql& sql) -> Result<std::vector<Row>> {
    std::vector<Tuple> rows;
    for (std::int64_t i = 0; i < 100; ++i) rows.push_back({"item " + std::to_string(i), i, 0.5});
    const auto places = sql.query_all(insert, rows);
    REQUIRE(places.size() == 100);
    for (std::size_t i = 0; i < places.size(); ++i) CHECK(places[i].integer(0) == static_cast<std::int64_t>(i) + 1);

    const std::vector<Tuple> some = {{"item 7", std::int64_t{70}, 0.0}, {"item 3", std::int64_t{30}, 0.0}};
    CHECK(sql.execute_all(update, some) == 2);
    return sql.query_all(select, std::vector<Tuple>{{"item 3"}, {"item 7"}, {"nothing"}});
  };
  const auto rows = write<std::vector<Row>>(work);
  REQUIRE(rows.has_value());
  REQUIRE(rows->size() == 2);
  CHECK((*rows)[0].text(0) == "item 3");
  CHECK((*rows)[0].integer(1) == 30);
  CHECK((*rows)[1].integer(1) == 70);
  CHECK((*rows)[1].real(2) == 0.5);
}

TEST_CASE_METHOD(Items, "what is taken is left out, and the number says so") {
  const std::vector<Tuple> twice = {{"a", std::int64_t{1}, 1.0}, {"b", std::int64_t{2}, 2.0}};
  const auto insert_them = [&](Sql& sql) -> Result<std::int64_t> { return sql.execute_all(insert, twice); };
  CHECK(write<std::int64_t>(insert_them).value() == 2);
  CHECK(write<std::int64_t>(insert_them).value() == 0);
}

TEST_CASE_METHOD(Items, "every text comes back as it went, and nothing stays nothing") {
  const std::vector<std::string> texts = {"",
                                          "NULL",
                                          "null",
                                          "{}",
                                          ",",
                                          "a\"b",
                                          "a\\b",
                                          "\\\"",
                                          " blank ",
                                          "line\nbreak",
                                          "\xC3\xA4\t'",
                                          "$1 {rows}",
                                          "{\"a\": [1, \"x\"]}"};
  const auto work = [&](Sql& sql) -> Result<std::vector<Row>> {
    std::vector<Tuple> rows, names;
    for (const std::string& text : texts) {
      rows.push_back({text, std::monostate{}, std::monostate{}});
      names.push_back({text});
    }
    sql.post_all(insert, rows);
    return sql.query_all(select, names);
  };
  const auto rows = write<std::vector<Row>>(work);
  REQUIRE(rows.has_value());
  REQUIRE(rows->size() == texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    CHECK((*rows)[i].text(0) == texts[i]);
    CHECK((*rows)[i].integer_or_null(1) == std::nullopt);
    CHECK((*rows)[i].real_or_null(2) == std::nullopt);
  }
}

TEST_CASE_METHOD(Items, "no rows are no statement, and a row of another width is refused") {
  const auto none = [](Sql& sql) -> Result<std::int64_t> {
    sql.post_all(update, {});
    CHECK(sql.query_all(select, {}).empty());
    return sql.execute_all(insert, {});
  };
  CHECK(write<std::int64_t>(none).value() == 0);
  const auto wrong = [](Sql& sql) -> Result<std::int64_t> {
    return sql.execute_all(insert, std::vector<Tuple>{{"a"}});
  };
  CHECK(write<std::int64_t>(wrong).error().code == "store_failed");
}

}  // namespace
}  // namespace trunkline::store

#pragma once

#include "support/wrapped_database.hpp"

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

namespace trunkline::store::test {

/// A database that keeps the text of every statement it is given, once.
class HeardDatabase final : public WrappedDatabase {
 public:
  using WrappedDatabase::WrappedDatabase;

  std::vector<std::string> heard() const {
    const std::lock_guard lock(mutex_);
    return heard_;
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    heard_.clear();
  }

 private:
  class Ear final : public Sql {
   public:
    Ear(HeardDatabase& database, Sql& inner) : database_(database), inner_(inner) {}
    std::vector<Row> query(std::string_view statement, std::span<const Value> params) override {
      database_.hear(statement);
      return inner_.query(statement, params);
    }
    std::int64_t execute(std::string_view statement, std::span<const Value> params) override {
      database_.hear(statement);
      return inner_.execute(statement, params);
    }
    void script(std::string_view statements) override { inner_.script(statements); }
    std::string_view clock() const override { return inner_.clock(); }

   private:
    HeardDatabase& database_;
    Sql& inner_;
  };

  void submit(Access access, std::function<Result<>(Sql&)> work, std::function<void(Result<>)> done) override {
    const auto heard = [this, &work](Sql& sql) {
      Ear ear(*this, sql);
      return work(ear);
    };
    done(pass(access, heard));
  }
  void hear(std::string_view statement) {
    const std::lock_guard lock(mutex_);
    if (std::find(heard_.begin(), heard_.end(), statement) == heard_.end()) heard_.emplace_back(statement);
  }

  mutable std::mutex mutex_;
  std::vector<std::string> heard_;
};

/// How the database goes about a statement: a line a step. Its parameters are null, which changes no plan of ours. As a
/// write: SQLite takes the plan of one for one.
inline std::vector<std::string> plan_of(Database& database, const std::string& statement) {
  std::size_t params = 0;
  while (statement.find("$" + std::to_string(params + 1)) != std::string::npos) ++params;
  return database
      .write_blocking<std::vector<std::string>>([&](Sql& sql) -> Result<std::vector<std::string>> {
        const std::vector<Value> nulls(params);
        std::vector<std::string> steps;
        for (const Row& row : sql.query("EXPLAIN QUERY PLAN " + statement, nulls)) steps.push_back(row.text(3));
        return steps;
      })
      .value();
}

}  // namespace trunkline::store::test

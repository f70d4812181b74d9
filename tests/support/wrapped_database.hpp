#pragma once

#include <trunkline/store/sql.hpp>

#include <functional>
#include <string_view>
#include <utility>

namespace trunkline::store::test {

/// Stands before a database: those that derive from it say what becomes of a job.
class WrappedDatabase : public Database {
 public:
  explicit WrappedDatabase(Database& inner) : inner_(inner) {}
  std::string_view driver() const override { return inner_.driver(); }
  std::size_t queued() const override { return inner_.queued(); }
  void stop() override { inner_.stop(); }

 protected:
  Database& inner() { return inner_; }
  /// Does it, on this thread.
  Result<> pass(Access access, std::function<Result<>(Sql&)> work) {
    return access == Access::read ? inner_.read_blocking<void>(std::move(work))
                                  : inner_.write_blocking<void>(std::move(work));
  }

 private:
  Database& inner_;
};

}  // namespace trunkline::store::test

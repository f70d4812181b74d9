#include <trunkline/app/database.hpp>
#include <trunkline/store/sqlite.hpp>

namespace trunkline::app {

store::PostgresOptions postgres_options(const config::Database& settings) {
  store::PostgresOptions options;
  options.url = settings.url;
  options.connections = settings.connections;
  options.wait_limit = settings.wait_limit;
  options.connect_timeout = settings.connect_timeout;
  options.statement_timeout = settings.statement_timeout;
  options.lock_timeout = settings.lock_timeout;
  return options;
}

Result<std::unique_ptr<store::Database>> open_database(const config::Settings& settings) {
  if (!settings.database.url.empty()) return store::open_postgres(postgres_options(settings.database));
  return store::open_sqlite({.path = settings.data_dir / "trunkline.db"});
}

Result<std::unique_ptr<store::Database>> open_database_to_read(const config::Settings& settings) {
  if (!settings.database.url.empty()) return open_database(settings);
  return store::open_sqlite({.path = settings.data_dir / "trunkline.db", .only_to_read = true});
}

}  // namespace trunkline::app

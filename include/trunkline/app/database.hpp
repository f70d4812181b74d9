#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/config/settings.hpp>
#include <trunkline/store/postgres.hpp>
#include <trunkline/store/sql.hpp>

#include <memory>

namespace trunkline::app {

store::PostgresOptions postgres_options(const config::Database& settings);

/// The database that the settings name, with the schema that it happens to have: Postgres when there is a URL, else
/// SQLite in the data folder.
Result<std::unique_ptr<store::Database>> open_database(const config::Settings& settings);
/// The same beside a gateway that runs on it, to read.
Result<std::unique_ptr<store::Database>> open_database_to_read(const config::Settings& settings);

}  // namespace trunkline::app

# cmake -DFOLDER=migrations/sqlite -DFUNCTION=sqlite_migrations -DOUTPUT=file.cpp -P embed_migrations.cmake
# Writes a source that holds the folder's files, in order, as the body of FUNCTION.
file(GLOB files "${FOLDER}/*.sql")
list(SORT files)

set(last 0)
set(entries "")
foreach(file IN LISTS files)
  get_filename_component(name "${file}" NAME_WE)
  if(NOT name MATCHES "^0*([1-9][0-9]*)_[a-z0-9_]+$" OR NOT CMAKE_MATCH_1 GREATER last)
    message(FATAL_ERROR "${file}: expected a migration number above ${last}, as in 0001_name.sql")
  endif()
  set(last "${CMAKE_MATCH_1}")
  file(READ "${file}" sql)
  string(APPEND entries "    {${last}, \"${name}\", R\"sql(${sql})sql\"},\n")
endforeach()

file(WRITE "${OUTPUT}" "#include <trunkline/store/migrations.hpp>

namespace trunkline::store {

std::span<const Migration> ${FUNCTION}() {
  static constexpr Migration files[] = {
${entries}  };
  return files;
}

}  // namespace trunkline::store
")

# cmake -DFOLDER=migrations/sqlite -DFUNCTION=sqlite_migrations -DOUTPUT=file.cpp -P embed_migrations.cmake
# Writes a source that holds the folder's files, in order, as the body of FUNCTION.
file(GLOB files "${FOLDER}/*.sql")
list(SORT files)

set(expected 1)
set(entries "")
foreach(file IN LISTS files)
  get_filename_component(name "${file}" NAME_WE)
  if(NOT name MATCHES "^0*([1-9][0-9]*)_[a-z0-9_]+$" OR NOT CMAKE_MATCH_1 EQUAL expected)
    message(FATAL_ERROR "${file}: expected migration number ${expected}, as in 0001_name.sql")
  endif()
  file(READ "${file}" sql)
  string(APPEND entries "    {${expected}, \"${name}\", R\"sql(${sql})sql\"},\n")
  math(EXPR expected "${expected} + 1")
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

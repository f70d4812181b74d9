# cmake -DOUTPUT=file.cpp -DOPENAPI=openapi.yaml -DPAGE=docs.html -P embed_documents.cmake
file(READ "${OPENAPI}" openapi)
file(READ "${PAGE}" page)
file(WRITE "${OUTPUT}" "#include \"api/documents_data.hpp\"

namespace trunkline::api {

const std::string_view openapi_yaml = R\"document(${openapi})document\";
const std::string_view docs_page = R\"document(${page})document\";

}  // namespace trunkline::api
")

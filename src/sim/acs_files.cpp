#include <trunkline/net/range.hpp>
#include <trunkline/sim/acs_files.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

namespace trunkline::sim {
namespace {

using nlohmann::json;

constexpr std::string_view folder = "/v1/objects/";
constexpr std::array<std::pair<std::string_view, FileFault>, 4> fault_names = {{{"none", FileFault::none},
                                                                                {"missing", FileFault::missing},
                                                                                {"throttled", FileFault::throttled},
                                                                                {"cut", FileFault::cut}}};

net::Response refusal(int status, const char* message) {
  net::Response response;
  response.status = status;
  response.set("Content-Type", "application/json; charset=utf-8");
  response.body = json{{"status", status}, {"message", message}}.dump();
  return response;
}

net::Response gone() {
  return refusal(404, "The object is not there.");
}

net::Response metadata_of(const AcsFile& file) {
  net::Response response;
  response.set("Content-Type", "application/json; charset=utf-8");
  response.body = json{{"chunkDocumentId", file.document_id}, {"chunkIndex", 0}}.dump();
  return response;
}

void changed(const AcsFile& file) {
  if (file.on_change) file.on_change();
}

}  // namespace

std::optional<FileFault> parse_file_fault(std::string_view text) {
  const auto* const found = std::ranges::find(fault_names, text, &std::pair<std::string_view, FileFault>::first);
  return found == fault_names.end() ? std::nullopt : std::optional(found->second);
}

Result<std::shared_ptr<AcsFile>> AcsFiles::keep(std::string document_id, std::filesystem::path path) {
  std::error_code failed;
  auto file = std::make_shared<AcsFile>();
  file->size = std::filesystem::file_size(path, failed);
  if (failed) return make_error("file_unreadable", path.string() + " cannot be read: " + failed.message());
  file->document_id = std::move(document_id);
  file->path = std::move(path);
  files_.put(file->document_id, file);
  return file;
}

bool AcsFiles::is_meant(const net::Request& request) {
  return request.path.starts_with(folder);
}

net::Response AcsFiles::answer(const net::Request& request) {
  const std::string_view rest = std::string_view(request.path).substr(folder.size());
  const auto* const found = files_.find(rest.substr(0, rest.find('/')));
  if (found == nullptr || (*found)->removed) return gone();
  AcsFile& file = **found;
  if (request.method == "DELETE" && request.path == file.place()) {
    file.removed = true;
    changed(file);
    return {};
  }
  if (request.method != "GET") return refusal(405, "Not with files.");
  if (request.path == file.metadata()) return metadata_of(file);
  return request.path == file.content() ? give(file, request) : gone();
}

net::Response AcsFiles::give(AcsFile& file, const net::Request& request) {
  const bool misbehaves = file.fault != FileFault::none && file.faults > 0;
  if (misbehaves) --file.faults;
  if (misbehaves && file.fault == FileFault::missing) return gone();
  if (misbehaves && file.fault == FileFault::throttled) {
    net::Response response = refusal(429, "Too many requests.");
    response.set("Retry-After", "1");
    return response;
  }
  const auto reading = net::read_range(request.header("Range"), file.size);
  net::Response response;
  response.set("Content-Type", "application/octet-stream");
  if (reading.verdict == net::RangeVerdict::unsatisfiable) {
    response.status = 416;
    response.set("Content-Range", "bytes */" + std::to_string(file.size));
    return response;
  }
  const bool part = reading.verdict == net::RangeVerdict::part;
  const net::ByteRange range = part ? reading.range : net::ByteRange{0, file.size};
  if (part) {
    response.status = 206;
    response.set("Content-Range", "bytes " + std::to_string(range.offset) + "-" +
                                      std::to_string(range.offset + range.length - 1) + "/" +
                                      std::to_string(file.size));
  }
  response.file = net::FileBody{file.path, range.offset, range.length};
  if (misbehaves) {
    response.file->offset = file.size - range.length / 2;  // where the file ends before the answer does
  } else if (range.offset + range.length == file.size) {
    file.fetched = true;
    changed(file);
  }
  return response;
}

}  // namespace trunkline::sim

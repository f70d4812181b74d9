#include "unit/net/test_server.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

using namespace trunkline;
using namespace trunkline::net;
using namespace trunkline::test;

namespace {

// A file of `size` bytes that no two neighbours of 256 share, gone with the test.
class ScratchFile {
 public:
  explicit ScratchFile(std::size_t size)
      : path_(std::filesystem::temp_directory_path() / make_ids(system_clock())->make("net")) {
    for (std::size_t i = 0; i < size; ++i) content_.push_back(static_cast<char>(i * 7 + i / 256));
    std::ofstream(path_, std::ios::binary) << content_;
  }
  ~ScratchFile() { std::filesystem::remove(path_); }

  const std::filesystem::path& path() const { return path_; }
  const std::string& content() const { return content_; }

 private:
  std::filesystem::path path_;
  std::string content_;
};

// Serves the file as a whole, or the part that the query asks for: `offset-length`.
void serve_file(TestServer& server, const std::filesystem::path& path, std::uint64_t offset, std::uint64_t length) {
  server.service.respond = [path, offset, length](Request&) {
    Response response;
    response.file = FileBody{path, offset, length};
    return response;
  };
  server.start();
}

}  // namespace

TEST_CASE("a file is sent whole, in more pieces than one, and the connection goes on") {
  const ScratchFile file(1'000'003);
  TestServer server;
  serve_file(server, file.path(), 0, file.content().size());
  auto client = server.connect();
  for (int i = 0; i < 2; ++i) {
    const auto response = client.request(get("/"));
    CHECK(response.status == 200);
    CHECK((response.body == file.content()));
  }
}

TEST_CASE("a part of a file is sent") {
  const ScratchFile file(300'000);
  TestServer server;
  serve_file(server, file.path(), 1234, 200'000);
  CHECK((server.connect().request(get("/")).body == file.content().substr(1234, 200'000)));
}

TEST_CASE("HEAD of a file tells its length") {
  const ScratchFile file(10);
  TestServer server;
  serve_file(server, file.path(), 0, 10);
  auto client = server.connect();
  client.send("HEAD / HTTP/1.1\r\nHost: t\r\n\r\n" + get("/"));
  CHECK(client.read_response(true).has("Content-Length: 10\r\n"));
  CHECK(client.read_response().body == file.content());
}

TEST_CASE("a file that is missing is an honest 500 that keeps its path to itself") {
  TestServer server;
  serve_file(server, "/nowhere/at/all.wav", 0, 10);
  const auto response = server.connect().request(get("/"));
  CHECK(response.status == 500);
  CHECK(response.body.find("file_unreadable") != std::string::npos);
  CHECK(response.body.find("nowhere") == std::string::npos);
}

TEST_CASE("a file that is shorter than promised ends the connection") {
  const ScratchFile file(100);
  TestServer server;
  serve_file(server, file.path(), 90, 20);
  auto client = server.connect();
  client.send(get("/"));
  const auto response = client.read_response();
  CHECK(response.has("Content-Length: 20\r\n"));
  CHECK(response.body == file.content().substr(90));
}

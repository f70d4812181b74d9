#include <trunkline/net/http.hpp>
#include <trunkline/net/problem.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <zlib.h>

using namespace trunkline;
using namespace trunkline::net;

namespace {

std::string gunzip(std::string packed, std::size_t size) {
  std::string out(size + 1, '\0');
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

}  // namespace

TEST_CASE("gzip packs what gunzip unpacks") {
  std::string noise(100'000, '\0');
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<char>(i * i * 2654435761U >> 13);
  const std::string body = GENERATE_COPY(std::string(), std::string("a"), std::string(1'000'000, 'z'), noise);
  CHECK(gunzip(gzip(body), body.size()) == body);
}

TEST_CASE("a header is found by its name in any case, the first of several") {
  const Headers headers{{"Content-Type", "a"}, {"X-Twice", "1"}, {"x-twice", "2"}};
  CHECK(find_header(headers, "content-type") == "a");
  CHECK(find_header(headers, "X-TWICE") == "1");
  CHECK(find_header(headers, "X-Twic").empty());
  CHECK(find_header({}, "X").empty());
}

TEST_CASE("setting a header replaces the one of that name") {
  Response response;
  response.set("X-A", "1");
  response.set("x-a", "2");
  response.set("X-B", "3");
  REQUIRE(response.headers.size() == 2);
  CHECK(find_header(response.headers, "X-A") == "2");
  CHECK(find_header(response.headers, "X-B") == "3");
}

TEST_CASE("a problem says what RFC 9457 wants, and what we add") {
  const auto response = problem(404, Error("call_not_found", "there is no such call", "/secret/path"), "req_1");
  CHECK(response.status == 404);
  CHECK(find_header(response.headers, "Content-Type") == "application/problem+json");
  CHECK(nlohmann::json::parse(response.body) == nlohmann::json{{"type", "about:blank"},
                                                               {"title", "Not Found"},
                                                               {"status", 404},
                                                               {"detail", "there is no such call"},
                                                               {"code", "call_not_found"},
                                                               {"requestId", "req_1"}});
}

TEST_CASE("a problem names the fields at fault") {
  const auto response = problem(422, Error("invalid_request", "check the fields"), "r", {{"to", "no number"}});
  CHECK(nlohmann::json::parse(response.body)["errors"] ==
        nlohmann::json::parse(R"([{"field":"to","message":"no number"}])"));
}

TEST_CASE("a problem is valid JSON whatever a client sent") {
  const auto response = problem(400, Error("bad", "\xFF\xFE"), "r", {{"\xC0", "\"\n"}});
  CHECK(nlohmann::json::accept(response.body));
}

TEST_CASE("every status in use has its phrase") {
  CHECK(reason_phrase(101) == "Switching Protocols");
  CHECK(reason_phrase(413) == "Content Too Large");
  CHECK(reason_phrase(599) == "Unknown");
}

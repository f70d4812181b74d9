#include "unit/recording/fixture.hpp"

#include <trunkline/base/crypto.hpp>
#include <trunkline/recording/incoming_file.hpp>

namespace trunkline::recording {
namespace {

std::string text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string little(std::uint32_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

// A WAV file of others: any number of channels, a chunk before the format, a length that may be wrong.
std::string foreign_wav(int channels, std::uint32_t rate, std::uint32_t data_bytes, std::uint32_t said) {
  const std::uint32_t block = static_cast<std::uint32_t>(channels) * 2;
  return "RIFF" + little(0, 4) + "WAVE" + "LIST" + little(3, 4) + "abc" + std::string(1, '\0') + "fmt " +
         little(16, 4) + little(1, 2) + little(static_cast<std::uint32_t>(channels), 2) + little(rate, 4) +
         little(rate * block, 4) + little(block, 2) + little(16, 2) + "data" + little(said, 4) +
         std::string(data_bytes, 'x');
}

struct Incoming {
  TemporaryFolder folder;
  std::filesystem::path temporary = incoming_path(folder.path(), "rec_1", "node_1");
  std::filesystem::path path = folder / "2026" / "11" / "rec_1.wav";

  Result<FileFacts> bring(const std::string& bytes, const std::string& format = "wav") const {
    IncomingFile file(temporary);
    for (std::size_t at = 0; at < bytes.size(); at += 7) REQUIRE(file.append(bytes.substr(at, 7)).has_value());
    return file.keep_as(path, format);
  }
  std::string stored() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

TEST_CASE("a file that came in parts has its name once it is whole, with its digest") {
  const Incoming fixture;
  const std::string bytes = text(make_wav_header(2, 16'000, 64'000)) + std::string(64'000, 's');
  const auto facts = fixture.bring(bytes);
  REQUIRE(facts.has_value());
  CHECK(fixture.stored() == bytes);
  CHECK_FALSE(std::filesystem::exists(fixture.temporary));
  CHECK(facts->sha256 == crypto::hex(crypto::sha256(bytes)));
  CHECK(facts->size_bytes == static_cast<std::int64_t>(bytes.size()));
  CHECK(facts->duration_ms == 1'000);
  CHECK(facts->channels == 2);
  CHECK(facts->sample_rate == 16'000);
  CHECK(facts->format == "wav");
}

TEST_CASE("what others write into a WAV file's head is understood") {
  const Incoming fixture;
  const auto five = fixture.bring(foreign_wav(5, 16'000, 160'000, 160'000));
  REQUIRE(five.has_value());
  CHECK(five->channels == 5);
  CHECK(five->duration_ms == 1'000);
  for (const std::uint32_t said : {0U, 0xFFFF'FFFFU}) {
    const auto open = fixture.bring(foreign_wav(1, 8'000, 8'000, said));
    REQUIRE(open.has_value());
    CHECK(open->duration_ms == 500);
  }
}

TEST_CASE("of a compressed file no more is known than its length") {
  const Incoming fixture;
  const auto mp3 = fixture.bring("ID3 and so on", "mp3");
  REQUIRE(mp3.has_value());
  CHECK(mp3->channels == 0);
  CHECK(mp3->sample_rate == 0);
  CHECK(mp3->duration_ms == 0);
  CHECK(fixture.bring("\xFF\xFB\x90", "mp3").has_value());
  CHECK(fixture.bring(std::string("\0\0\0\x18", 4) + "ftypisom", "mp4").has_value());
  CHECK(fixture.bring("anything", "bin").has_value());
}

TEST_CASE("what is no recording gets no name and leaves nothing behind") {
  const Incoming fixture;
  for (const auto& [bytes, format] :
       std::vector<std::pair<std::string, std::string>>{{"", "wav"},
                                                        {"<html>please log in</html>", "wav"},
                                                        {"RIFF", "wav"},
                                                        {"{\"status\":401}", "mp3"},
                                                        {"<html>", "mp4"},
                                                        {"", "bin"}}) {
    INFO(bytes << " as " << format);
    CHECK(fixture.bring(bytes, format).error().code == "recording_damaged");
    CHECK_FALSE(std::filesystem::exists(fixture.path));
    CHECK_FALSE(std::filesystem::exists(fixture.temporary));
  }
}

TEST_CASE("a file that is not finished goes with who brought it, or with the node's next start") {
  const Incoming fixture;
  {
    IncomingFile file(fixture.temporary);
    REQUIRE(file.append("RIFF").has_value());
    CHECK(std::filesystem::exists(fixture.temporary));
  }
  CHECK_FALSE(std::filesystem::exists(fixture.temporary));
  std::ofstream(fixture.temporary) << "RIFF";
  const auto of_another = incoming_path(fixture.folder.path(), "rec_2", "node_2");
  std::ofstream(of_another) << "RIFF";
  CHECK(remove_incoming(fixture.folder.path(), "node_1") == 1);
  CHECK_FALSE(std::filesystem::exists(fixture.temporary));
  CHECK(std::filesystem::exists(of_another));
  CHECK(remove_incoming(fixture.folder / "nowhere", "node_1") == 0);
}

TEST_CASE("a disk that takes nothing is an error") {
  const TemporaryFolder folder;
  std::ofstream(folder / "file") << "no folder";
  IncomingFile file(folder / "file" / "rec_1.node_1");
  CHECK(file.append("RIFF").error().code == "disk_failed");
}

}  // namespace
}  // namespace trunkline::recording

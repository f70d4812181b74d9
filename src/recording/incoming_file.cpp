#include "recording/file.hpp"

#include <trunkline/base/crypto.hpp>
#include <trunkline/recording/incoming_file.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>

namespace trunkline::recording {
namespace {

constexpr std::size_t front_bytes = 4'096;
constexpr const char* incoming_folder = ".incoming";

std::span<const std::uint8_t> octets(std::string_view bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

std::int64_t number_at(std::string_view bytes, std::size_t at, std::size_t count) {
  std::int64_t value = 0;
  for (std::size_t i = count; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

bool begins_as(std::string_view front, const std::string& format) {
  if (front.empty()) return false;
  if (format == "wav") return front.starts_with("RIFF") && front.substr(0, 12).ends_with("WAVE");
  if (format == "mp4") return front.size() >= 8 && front.substr(4, 4) == "ftyp";
  if (format != "mp3") return true;
  const bool frame = front.size() >= 2 && front[0] == '\xFF' && (static_cast<unsigned char>(front[1]) & 0xE0) == 0xE0;
  return frame || front.starts_with("ID3");
}

// Of any encoding and number of channels: others write more kinds than are read here. A length that was never filled in
// is that of the file.
void read_wav_head(std::string_view front, FileFacts& facts) {
  constexpr std::size_t chunk_head = 8;
  std::int64_t bytes_a_second = 0;
  for (std::size_t at = 12; at + chunk_head <= front.size();) {
    const std::string_view name = front.substr(at, 4);
    const std::int64_t size = number_at(front, at + 4, 4);
    at += chunk_head;
    if (name == "data") {
      const std::int64_t there = facts.size_bytes - static_cast<std::int64_t>(at);
      const std::int64_t data = size == 0 ? there : std::min(size, there);
      if (bytes_a_second > 0) facts.duration_ms = data * 1'000 / bytes_a_second;
      return;
    }
    if (size > static_cast<std::int64_t>(front.size() - at)) return;
    if (name == "fmt " && size >= 16) {
      facts.channels = static_cast<int>(number_at(front, at + 2, 2));
      facts.sample_rate = static_cast<int>(std::min<std::int64_t>(number_at(front, at + 4, 4), 1'000'000));
      bytes_a_second = number_at(front, at + 8, 4);
    }
    at += static_cast<std::size_t>(size + size % 2);
  }
}

}  // namespace

class IncomingFile::Content {
 public:
  explicit Content(File file) : file_(std::move(file)) {}

  Result<> append(std::string_view bytes) {
    if (auto written = file_.write_at(size_, octets(bytes)); !written) return written;
    digest_.update(bytes);
    if (front_.size() < front_bytes) front_.append(bytes.substr(0, front_bytes - front_.size()));
    size_ += static_cast<std::int64_t>(bytes.size());
    return {};
  }

  Result<> sync() { return file_.sync(); }
  const std::string& front() const { return front_; }

  FileFacts facts(const std::string& format) {
    FileFacts facts;
    facts.size_bytes = size_;
    facts.sha256 = digest_.finish();
    facts.channels = 0;
    facts.sample_rate = 0;
    facts.format = format;
    if (format == "wav") read_wav_head(front_, facts);
    return facts;
  }

 private:
  File file_;
  crypto::Sha256 digest_;
  std::string front_;  // of the file
  std::int64_t size_ = 0;
};

IncomingFile::IncomingFile(std::filesystem::path temporary) : temporary_(std::move(temporary)) {}

IncomingFile::~IncomingFile() {
  if (content_ == nullptr) return;
  std::error_code ignored;
  std::filesystem::remove(temporary_, ignored);
}

Result<> IncomingFile::append(std::string_view bytes) {
  if (content_ == nullptr) {
    auto file = File::create(temporary_);
    if (!file) return file.error();
    content_ = std::make_unique<Content>(std::move(*file));
  }
  return content_->append(bytes);
}

Result<FileFacts> IncomingFile::keep_as(const std::filesystem::path& path, const std::string& format) {
  if (content_ == nullptr || !begins_as(content_->front(), format)) {
    return make_error("recording_damaged", content_ == nullptr ? "the recording's file is empty"
                                                               : "the recording's file is no " + format + " file");
  }
  if (auto stored = content_->sync(); !stored) return stored.error();
  if (auto moved = move_file(temporary_, path); !moved) return moved.error();
  const std::unique_ptr<Content> content = std::move(content_);
  return content->facts(format);
}

std::filesystem::path incoming_path(const std::filesystem::path& folder, const std::string& recording_id,
                                    const std::string& node) {
  return folder / incoming_folder / (recording_id + "." + node);
}

std::size_t remove_incoming(const std::filesystem::path& folder, const std::string& node) {
  std::error_code failed;
  std::size_t removed = 0;
  for (std::filesystem::directory_iterator each(folder / incoming_folder, failed), end; !failed && each != end;
       each.increment(failed)) {
    std::error_code kept;
    const bool of_node = each->path().extension() == "." + node;
    if (of_node && std::filesystem::remove(each->path(), kept)) ++removed;
  }
  return removed;
}

}  // namespace trunkline::recording

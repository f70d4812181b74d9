#include "recording/wav_writer.hpp"

#include "recording/window.hpp"

#include <trunkline/media/pcm.hpp>
#include <trunkline/recording/wav.hpp>

#include <algorithm>
#include <bit>
#include <utility>

namespace trunkline::recording {
namespace {

static_assert(std::endian::native == std::endian::little, "samples are written as they lie in memory");

constexpr std::int64_t frame_bytes = channel_count * sizeof(std::int16_t);

std::int64_t offset_of(std::int64_t position) {
  return wav_header_bytes + position * frame_bytes;
}

std::span<const std::uint8_t> as_bytes(std::span<const std::int16_t> samples) {
  return {reinterpret_cast<const std::uint8_t*>(samples.data()), samples.size_bytes()};
}

void decode_channel(media::Encoding encoding, std::span<const std::uint8_t> data, std::size_t channel,
                    std::span<std::int16_t> interleaved) {
  std::size_t at = channel;
  media::for_each_sample(encoding, data, [&](std::int16_t sample) {
    interleaved[at] = sample;
    at += channel_count;
  });
}

}  // namespace

std::size_t Block::bytes() const {
  std::size_t total = planes.size();
  for (const Patch& patch : patches) total += patch.data.size();
  return total;
}

WavWriter::WavWriter(std::filesystem::path path, media::Format format) : path_(std::move(path)), format_(format) {}

Result<> WavWriter::write(const Block& block) {
  if (auto opened = open(); !opened) return opened;
  const std::int64_t before = frames_;
  if (auto written = write_planes(block); !written) return written;
  for (const Patch& patch : block.patches) {
    if (auto written = apply(patch); !written) return written;
  }
  return frames_ > before ? write_header() : Result<>{};
}

Result<FileFacts> WavWriter::finish(std::int64_t frames) {
  if (auto opened = open(); !opened) return opened.error();
  frames_ = frames;
  if (auto resized = file_.resize(offset_of(frames)); !resized) return resized.error();
  if (auto written = write_header(); !written) return written.error();
  if (auto stored = file_.sync(); !stored) return stored.error();
  return facts_of(file_, format_.sample_rate, frames);
}

Result<> WavWriter::open() {
  if (file_.is_open()) return {};
  auto file = File::create(path_);
  if (!file) return file.error();
  file_ = std::move(*file);
  return write_header();
}

Result<> WavWriter::write_planes(const Block& block) {
  if (block.planes.empty()) return {};
  const std::span planes(block.planes);
  const std::size_t plane_bytes = planes.size() / channel_count;
  std::vector<std::int16_t> frames(plane_bytes / format_.sample_bytes() * channel_count);
  for (std::size_t channel = 0; channel < channel_count; ++channel) {
    decode_channel(format_.encoding, planes.subspan(channel * plane_bytes, plane_bytes), channel, frames);
  }
  return write_frames(block.position, frames);
}

// Only one channel of these frames is new: the other comes from the file.
Result<> WavWriter::apply(const Patch& patch) {
  std::vector<std::int16_t> frames(static_cast<std::size_t>(patch.end - patch.position) * channel_count);
  const auto bytes = std::span(reinterpret_cast<std::uint8_t*>(frames.data()), frames.size() * sizeof(std::int16_t));
  if (auto read = file_.read_at(offset_of(patch.position), bytes); !read) return read.error();
  decode_channel(format_.encoding, patch.data, patch.channel, frames);
  return write_frames(patch.position, frames);
}

Result<> WavWriter::write_frames(std::int64_t position, std::span<const std::int16_t> interleaved) {
  frames_ = std::max(frames_, position + static_cast<std::int64_t>(interleaved.size() / channel_count));
  return file_.write_at(offset_of(position), as_bytes(interleaved));
}

Result<> WavWriter::write_header() {
  return file_.write_at(0,
                        make_wav_header(static_cast<int>(channel_count), format_.sample_rate, frames_ * frame_bytes));
}

Result<FileFacts> facts_of(const File& file, std::uint32_t sample_rate, std::int64_t frames) {
  auto digest = file.sha256();
  if (!digest) return digest.error();
  FileFacts facts;
  facts.duration_ms = frames * 1000 / sample_rate;
  facts.size_bytes = offset_of(frames);
  facts.sha256 = std::move(*digest);
  facts.channels = static_cast<int>(channel_count);
  facts.sample_rate = static_cast<int>(sample_rate);
  return facts;
}

}  // namespace trunkline::recording

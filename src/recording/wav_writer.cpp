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

// Copied at once while a file gets more channels.
constexpr std::int64_t widened_frames = 16 * 1024;

std::int64_t offset_of(std::int64_t position, std::size_t channels) {
  return wav_header_bytes + position * static_cast<std::int64_t>(channels * sizeof(std::int16_t));
}

std::span<const std::uint8_t> as_bytes(std::span<const std::int16_t> samples) {
  return {reinterpret_cast<const std::uint8_t*>(samples.data()), samples.size_bytes()};
}
std::span<std::uint8_t> as_bytes(std::span<std::int16_t> samples) {
  return {reinterpret_cast<std::uint8_t*>(samples.data()), samples.size_bytes()};
}

// The frames of a file, in one that has more channels.
Result<> copy_frames(const File& from, std::size_t few, File& to, std::size_t many, std::int64_t frames) {
  std::vector<std::int16_t> narrow(static_cast<std::size_t>(widened_frames) * few);
  std::vector<std::int16_t> wide(static_cast<std::size_t>(widened_frames) * many);
  for (std::int64_t position = 0; position < frames; position += widened_frames) {
    const auto count = static_cast<std::size_t>(std::min(widened_frames, frames - position));
    const auto read = from.read_at(offset_of(position, few), as_bytes(std::span(narrow).first(count * few)));
    if (!read) return read.error();
    for (std::size_t i = 0; i < count; ++i) std::copy_n(&narrow[i * few], few, &wide[i * many]);
    auto written =
        to.write_at(offset_of(position, many), as_bytes(std::span<const std::int16_t>(wide).first(count * many)));
    if (!written) return written;
  }
  return {};
}

void decode_channel(media::Encoding encoding, std::span<const std::uint8_t> data, std::size_t channel,
                    std::size_t channels, std::span<std::int16_t> interleaved) {
  std::size_t at = channel;
  media::for_each_sample(encoding, data, [&](std::int16_t sample) {
    interleaved[at] = sample;
    at += channels;
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
  if (block.channels > channels_) {
    if (auto widened = widen(block.channels); !widened) return widened;
  }
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
  if (auto resized = file_.resize(offset_of(frames, channels_)); !resized) return resized.error();
  if (auto written = write_header(); !written) return written.error();
  if (auto stored = file_.sync(); !stored) return stored.error();
  return facts_of(file_, channels_, format_.sample_rate, frames);
}

Result<> WavWriter::open() {
  if (file_.is_open()) return {};
  auto file = File::create(path_);
  if (!file) return file.error();
  file_ = std::move(*file);
  return write_header();
}

Result<> WavWriter::widen(std::size_t channels) {
  const auto path = wider_path(path_);
  auto wider = File::create(path);
  if (!wider) return wider.error();
  if (auto copied = copy_frames(file_, channels_, *wider, channels, frames_); !copied) return copied;
  const auto header =
      make_wav_header(static_cast<int>(channels), format_.sample_rate, offset_of(frames_, channels) - wav_header_bytes);
  if (auto written = wider->write_at(0, header); !written) return written;
  if (auto stored = wider->sync(); !stored) return stored;
  if (auto moved = wider->rename(path_); !moved) return moved;
  file_ = std::move(*wider);
  channels_ = channels;
  return {};
}

Result<> WavWriter::write_planes(const Block& block) {
  if (block.planes.empty()) return {};
  const std::span planes(block.planes);
  const std::size_t plane_bytes = planes.size() / channels_;
  std::vector<std::int16_t> frames(plane_bytes / format_.sample_bytes() * channels_);
  for (std::size_t channel = 0; channel < channels_; ++channel) {
    decode_channel(format_.encoding, planes.subspan(channel * plane_bytes, plane_bytes), channel, channels_, frames);
  }
  return write_frames(block.position, frames);
}

// Only one channel of these frames is new: the others come from the file.
Result<> WavWriter::apply(const Patch& patch) {
  std::vector<std::int16_t> frames(static_cast<std::size_t>(patch.end - patch.position) * channels_);
  const auto read = file_.read_at(offset_of(patch.position, channels_), as_bytes(std::span(frames)));
  if (!read) return read.error();
  decode_channel(format_.encoding, patch.data, patch.channel, channels_, frames);
  return write_frames(patch.position, frames);
}

Result<> WavWriter::write_frames(std::int64_t position, std::span<const std::int16_t> interleaved) {
  frames_ = std::max(frames_, position + static_cast<std::int64_t>(interleaved.size() / channels_));
  return file_.write_at(offset_of(position, channels_), as_bytes(interleaved));
}

Result<> WavWriter::write_header() {
  return file_.write_at(0, make_wav_header(static_cast<int>(channels_), format_.sample_rate,
                                           offset_of(frames_, channels_) - wav_header_bytes));
}

std::filesystem::path wider_path(const std::filesystem::path& path) {
  auto wider = path;
  return wider += ".wider";
}

Result<FileFacts> facts_of(const File& file, std::size_t channels, std::uint32_t sample_rate, std::int64_t frames) {
  auto digest = file.sha256();
  if (!digest) return digest.error();
  FileFacts facts;
  facts.duration_ms = frames * 1000 / sample_rate;
  facts.size_bytes = offset_of(frames, channels);
  facts.sha256 = std::move(*digest);
  facts.channels = static_cast<int>(channels);
  facts.sample_rate = static_cast<int>(sample_rate);
  return facts;
}

}  // namespace trunkline::recording

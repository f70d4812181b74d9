#include "recording/file.hpp"

#include <trunkline/media/pcm.hpp>
#include <trunkline/recording/wav.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace trunkline::recording {
namespace {

constexpr std::uint16_t format_pcm = 1;
constexpr std::uint16_t format_mulaw = 7;
constexpr std::uint16_t format_extensible = 0xFFFE;
constexpr std::size_t chunk_header_bytes = 8;

std::uint32_t load(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = count; i-- > 0;) value = value << 8 | bytes[at + i];
  return value;
}

std::string_view tag(std::span<const std::uint8_t> bytes, std::size_t at) {
  return {reinterpret_cast<const char*>(&bytes[at]), 4};
}

Error invalid(const std::string& why) {
  return make_error("wav_invalid", "not a usable WAV file: " + why);
}
Error unsupported(const std::string& why) {
  return make_error("wav_unsupported", "unsupported WAV file: " + why);
}

Result<WavLayout> parse_format(std::span<const std::uint8_t> chunk) {
  if (chunk.size() < 16) return invalid("its format chunk is too short");
  std::uint32_t format = load(chunk, 0, 2);
  if (format == format_extensible && chunk.size() >= 26) format = load(chunk, 24, 2);
  const std::uint32_t bits = load(chunk, 14, 2);

  WavLayout layout;
  layout.channels = static_cast<int>(load(chunk, 2, 2));
  layout.sample_rate = load(chunk, 4, 4);
  if (format == format_mulaw && bits == 8) {
    layout.encoding = media::Encoding::mulaw;
  } else if (format != format_pcm || bits != 16) {
    return unsupported("format " + std::to_string(format) + " with " + std::to_string(bits) +
                       " bits; 16-bit PCM and 8-bit mu-law are read");
  }
  if (layout.channels < 1 || layout.channels > wav_max_channels) {
    return unsupported(std::to_string(layout.channels) + " channels; one to " + std::to_string(wav_max_channels) +
                       " are read");
  }
  if (layout.sample_rate < 1000 || layout.sample_rate > 192'000) {
    return unsupported(std::to_string(layout.sample_rate) + " Hz; 1000 to 192000 are read");
  }
  return layout;
}

std::vector<std::int16_t> decode(media::Encoding encoding, std::span<const std::uint8_t> bytes) {
  std::vector<std::int16_t> samples;
  samples.reserve(bytes.size() / (encoding == media::Encoding::mulaw ? 1 : 2));
  media::for_each_sample(encoding, bytes, [&](std::int16_t sample) { samples.push_back(sample); });
  return samples;
}

Result<std::vector<std::uint8_t>> read_file(const std::filesystem::path& path, std::int64_t limit_bytes) {
  const auto unreadable = [](const Error& error) { return make_error("wav_unreadable", error.message, error.detail); };
  const auto file = File::open_to_read(path);
  if (!file) return unreadable(file.error());
  const auto size = file->size();
  if (!size) return unreadable(size.error());
  if (*size > limit_bytes) {
    return make_error("wav_too_large", "the file has more than " + std::to_string(limit_bytes) + " bytes",
                      path.string());
  }
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(*size));
  const auto count = file->read_at(0, bytes);
  if (!count) return unreadable(count.error());
  bytes.resize(*count);
  return bytes;
}

}  // namespace

std::array<std::uint8_t, wav_header_bytes> make_wav_header(int channels, std::uint32_t sample_rate,
                                                           std::int64_t data_bytes) {
  const auto data = static_cast<std::uint32_t>(std::min(data_bytes, wav_max_data_bytes));
  const auto frame_bytes = static_cast<std::uint32_t>(channels * 2);
  std::array<std::uint8_t, wav_header_bytes> header{};
  std::size_t at = 0;
  const auto text = [&](std::string_view word) {
    for (const char letter : word) header[at++] = static_cast<std::uint8_t>(letter);
  };
  const auto number = [&](std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) header[at++] = static_cast<std::uint8_t>(value >> (8 * i));
  };
  text("RIFF");
  number(data + wav_header_bytes - 8, 4);
  text("WAVEfmt ");
  number(16, 4);
  number(format_pcm, 2);
  number(static_cast<std::uint32_t>(channels), 2);
  number(sample_rate, 4);
  number(sample_rate * frame_bytes, 4);
  number(frame_bytes, 2);
  number(16, 2);
  text("data");
  number(data, 4);
  return header;
}

Result<WavLayout> parse_wav(std::span<const std::uint8_t> front) {
  if (front.size() < 12 || tag(front, 0) != "RIFF" || tag(front, 8) != "WAVE") return invalid("it has no RIFF header");
  std::optional<WavLayout> layout;
  std::size_t at = 12;
  while (at + chunk_header_bytes <= front.size()) {
    const std::string_view name = tag(front, at);
    const std::size_t size = load(front, at + 4, 4);
    at += chunk_header_bytes;
    if (name == "data") {
      if (!layout) return invalid("its samples come before their format");
      layout->data_offset = static_cast<std::int64_t>(at);
      layout->data_bytes = static_cast<std::int64_t>(size);
      return *layout;
    }
    if (size > front.size() - at) break;
    if (name == "fmt ") {
      auto parsed = parse_format(front.subspan(at, size));
      if (!parsed) return parsed.error();
      layout = *parsed;
    }
    at += size + size % 2;  // chunks begin at even places
  }
  return invalid("it has no samples");
}

Result<WavAudio> read_wav(const std::filesystem::path& path, std::int64_t limit_bytes) {
  const auto bytes = read_file(path, limit_bytes);
  if (!bytes) return bytes.error();
  const auto layout = parse_wav(*bytes);
  if (!layout) return layout.error();
  const std::int64_t there = static_cast<std::int64_t>(bytes->size()) - layout->data_offset;
  const std::int64_t wanted = std::min(layout->data_bytes, there);
  const std::int64_t whole = wanted - wanted % layout->frame_bytes();
  const auto data =
      std::span(*bytes).subspan(static_cast<std::size_t>(layout->data_offset), static_cast<std::size_t>(whole));
  return WavAudio{layout->channels, layout->sample_rate, decode(layout->encoding, data)};
}

Result<> write_wav(const std::filesystem::path& path, const WavAudio& audio) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(audio.samples.size() * 2);
  for (const std::int16_t sample : audio.samples) {
    const auto bits = static_cast<std::uint16_t>(sample);
    bytes.push_back(static_cast<std::uint8_t>(bits));
    bytes.push_back(static_cast<std::uint8_t>(bits >> 8));
  }
  auto file = File::create(path);
  if (!file) return file.error();
  const auto header = make_wav_header(audio.channels, audio.sample_rate, static_cast<std::int64_t>(bytes.size()));
  if (auto written = file->write_at(0, header); !written) return written;
  return file->write_at(wav_header_bytes, bytes);
}

}  // namespace trunkline::recording

#include "recording/wav_writer.hpp"
#include "recording/window.hpp"

#include <trunkline/recording/recorder.hpp>
#include <trunkline/recording/wav.hpp>

#include <algorithm>
#include <array>
#include <system_error>

namespace trunkline::recording {

Result<FileFacts> repair(const std::filesystem::path& path) {
  std::error_code ignored;
  std::filesystem::remove(wider_path(path), ignored);  // the crash may have come while there was another
  auto file = File::open(path);
  if (!file) return file.error();
  std::array<std::uint8_t, wav_header_bytes> front{};
  const auto count = file->read_at(0, front);
  if (!count) return count.error();
  const auto layout = parse_wav(std::span(front).first(*count));
  const bool ours = layout && layout->encoding == media::Encoding::pcm16 &&
                    layout->channels >= static_cast<int>(first_channels) && layout->data_offset == wav_header_bytes;
  if (!ours) {
    return make_error("recording_damaged", "the recording's file has no usable header",
                      path.string() + (layout ? "" : ": " + layout.error().message));
  }
  const auto size = file->size();
  if (!size) return size.error();

  const std::int64_t data_bytes = std::min(*size - wav_header_bytes, wav_max_data_bytes);
  const std::int64_t frames = data_bytes / layout->frame_bytes();  // a frame that is not whole goes
  if (auto cut = file->resize(wav_header_bytes + frames * layout->frame_bytes()); !cut) return cut.error();
  const auto header = make_wav_header(layout->channels, layout->sample_rate, frames * layout->frame_bytes());
  if (auto written = file->write_at(0, header); !written) return written.error();
  if (auto stored = file->sync(); !stored) return stored.error();
  return facts_of(*file, static_cast<std::size_t>(layout->channels), layout->sample_rate, frames);
}

}  // namespace trunkline::recording

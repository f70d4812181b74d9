#include "fast_path.hpp"

#include <fcntl.h>
#include <immintrin.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace baseline {
namespace {

constexpr std::uint32_t frame_bytes = 4;  // two samples

constexpr auto pcm_of = [] {
  std::array<std::int16_t, 256> table{};
  for (int code = 0; code < 256; ++code) {
    const int bits = ~code & 0xFF;
    const int magnitude = (((bits & 15) << 3) + 0x84) << ((bits & 0x70) >> 4);
    table[static_cast<std::size_t>(code)] =
        static_cast<std::int16_t>((bits & 0x80) != 0 ? 0x84 - magnitude : magnitude - 0x84);
  }
  return table;
}();

constexpr std::uint8_t invalid = 0xFF;
constexpr auto sextet_of = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(invalid);
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}();

// The string behind "key": from `from` on.
std::string_view value_of(std::string_view text, std::string_view key, std::size_t from) {
  if (from >= text.size()) return {};
  const void* found = memmem(text.data() + from, text.size() - from, key.data(), key.size());
  if (found == nullptr) return {};
  std::string_view rest =
      text.substr(static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) + key.size());
  const std::size_t open = rest.find('"');
  if (open == rest.npos) return {};
  rest.remove_prefix(open + 1);
  return rest.substr(0, rest.find('"'));
}

// 32 characters to 24 bytes a step, after Mula and Lemire, "Faster Base64 Encoding and Decoding Using AVX2
// Instructions" (2018). Stops before what is not plain base64.
std::size_t decode_wide(std::string_view& text, std::uint8_t* out) {
  const __m256i low_classes =
      _mm256_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A,
                       0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A);
  const __m256i high_classes =
      _mm256_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10,
                       0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
  const __m256i shifts = _mm256_setr_epi8(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 19, 4, -65,
                                          -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
  const __m256i pack = _mm256_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1, 2, 1, 0, 6, 5, 4, 10, 9,
                                        8, 14, 13, 12, -1, -1, -1, -1);
  const __m256i slash = _mm256_set1_epi8(0x2F);
  std::size_t size = 0;
  while (text.size() >= 36) {
    __m256i block = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text.data()));
    const __m256i high = _mm256_and_si256(_mm256_srli_epi32(block, 4), slash);
    const __m256i low_class = _mm256_shuffle_epi8(low_classes, _mm256_and_si256(block, slash));
    const __m256i high_class = _mm256_shuffle_epi8(high_classes, high);
    if (_mm256_testz_si256(low_class, high_class) == 0) break;
    const __m256i shift = _mm256_shuffle_epi8(shifts, _mm256_add_epi8(_mm256_cmpeq_epi8(block, slash), high));
    block = _mm256_add_epi8(block, shift);
    block = _mm256_maddubs_epi16(block, _mm256_set1_epi32(0x01400140));
    block = _mm256_madd_epi16(block, _mm256_set1_epi32(0x00011000));
    block = _mm256_shuffle_epi8(block, pack);
    block = _mm256_permutevar8x32_epi32(block, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, -1, -1));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + size), block);
    text.remove_prefix(32);
    size += 24;
  }
  return size;
}

constexpr std::uint32_t rate_of(Encoding encoding) {
  return encoding == Encoding::pcm16 ? 16'000 : 8'000;
}

std::string wav_header(std::uint32_t rate) {
  constexpr std::uint32_t open_end = 0xFFFFFFFF - 36;
  struct {
    char riff[4] = {'R', 'I', 'F', 'F'};
    std::uint32_t size = 0xFFFFFFFF;
    char wave[8] = {'W', 'A', 'V', 'E', 'f', 'm', 't', ' '};
    std::uint32_t format_size = 16;
    std::uint16_t pcm = 1;
    std::uint16_t channels = 2;
    std::uint32_t samples_per_second = 0;
    std::uint32_t bytes_per_second = 0;
    std::uint16_t bytes_per_frame = frame_bytes;
    std::uint16_t bits = 16;
    char data[4] = {'d', 'a', 't', 'a'};
    std::uint32_t data_size = open_end;
  } header;
  header.samples_per_second = rate;
  header.bytes_per_second = rate * frame_bytes;
  return {reinterpret_cast<const char*>(&header), sizeof header};
}

// Left and nothing on the right.
template <class Sample>
void append_stereo(std::string& out, std::size_t count, Sample sample) {
  std::size_t at = out.size();
  out.resize(at + count * frame_bytes);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t both = sample(i);
    std::memcpy(out.data() + at, &both, sizeof both);
    at += sizeof both;
  }
}

Message scan_acs(std::string_view text) {
  const std::string_view kind = value_of(text, "\"kind\"", 0);
  if (kind == "AudioData") return {Event::media, Encoding::pcm16, value_of(text, "\"data\"", 30)};
  if (kind == "AudioMetadata") return {Event::start, Encoding::pcm16, {}};
  return {};
}

}  // namespace

Message scan(std::string_view text) {
  if (text.starts_with("{\"kind\"")) return scan_acs(text);
  const std::string_view event = value_of(text, "\"event\"", 0);
  if (event == "media") return {Event::media, Encoding::mulaw, value_of(text, "\"payload\"", 20)};
  if (event == "start") return {Event::start, Encoding::mulaw, {}};
  if (event == "stop") return {Event::stop, Encoding::mulaw, {}};
  return {};
}

std::size_t decode_base64(std::string_view text, std::uint8_t* out) {
  std::size_t size = decode_wide(text, out);
  while (text.ends_with('=')) text.remove_suffix(1);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const std::uint8_t sextet = sextet_of[static_cast<std::uint8_t>(c)];
    if (sextet == invalid) return 0;
    bits = bits << 6 | sextet;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out[size++] = static_cast<std::uint8_t>(bits >> held);
  }
  return size;
}

Recording::Recording(const std::string& path, Encoding encoding)
    : encoding_(encoding),
      flush_bytes_(rate_of(encoding) * frame_bytes),
      file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640)),
      buffer_(wav_header(rate_of(encoding))) {
  if (file_ < 0) throw std::runtime_error("cannot create " + path);
}

Recording::~Recording() {
  flush();
  ::close(file_);
}

void Recording::add(std::span<const std::uint8_t> audio) {
  if (encoding_ == Encoding::mulaw) {
    append_stereo(buffer_, audio.size(), [&](std::size_t i) { return static_cast<std::uint16_t>(pcm_of[audio[i]]); });
  } else {
    append_stereo(buffer_, audio.size() / 2, [&](std::size_t i) {
      std::uint16_t sample = 0;
      std::memcpy(&sample, audio.data() + 2 * i, sizeof sample);
      return sample;
    });
  }
  if (buffer_.size() >= flush_bytes_) flush();
}

void Recording::flush() {
  const ssize_t written = ::write(file_, buffer_.data(), buffer_.size());
  if (written != static_cast<ssize_t>(buffer_.size())) std::abort();  // a benchmark on a full disk measures nothing
  buffer_.clear();
}

std::string setting(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set");
  return value;
}

unsigned short port_setting(const char* name) {
  return static_cast<unsigned short>(std::stoi(setting(name)));
}

void allow_many_sockets() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace baseline

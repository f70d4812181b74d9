#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// What the C++ baselines do with a frame, as fast as it goes: no checks that a product would need.
namespace baseline {

enum class Event : std::uint8_t { media, start, stop, other };

/// Of a carrier's audio: Twilio's mu-law at 8 kHz, Azure's PCM16 at 16 kHz.
enum class Encoding : std::uint8_t { mulaw, pcm16 };

struct Message {
  Event event = Event::other;
  Encoding encoding = Encoding::mulaw;
  std::string_view payload;  ///< base64
};

/// Finds the kind and the audio of a carrier's message without a JSON parser.
Message scan(std::string_view text);

/// Needs AVX2 and eight bytes of room behind the result; returns its size, 0 for what is not base64.
std::size_t decode_base64(std::string_view text, std::uint8_t* out);

/// The calls of a recorder: stereo PCM16 with the caller on the left, one write() a second.
class Recording {
 public:
  Recording(const std::string& path, Encoding encoding);
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  void add(std::span<const std::uint8_t> audio);

 private:
  void flush();

  const Encoding encoding_;
  const std::size_t flush_bytes_;
  int file_;
  std::string buffer_;
};

std::string setting(const char* name);  ///< from the environment, which must have it
unsigned short port_setting(const char* name);
void allow_many_sockets();

}  // namespace baseline

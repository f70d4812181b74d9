#include "call.hpp"

#include <array>
#include <cstring>
#include <random>
#include <utility>
#include <vector>

namespace streamload {
namespace {

// Encoded for each frame; the rest was before: whole groups of three bytes behind it.
constexpr std::size_t head_bytes = stamp_bytes + 1;
static_assert(head_bytes % 3 == 0);
constexpr std::size_t filler_count = 16;
constexpr std::size_t max_audio = 1024;    // base64
constexpr std::size_t max_message = 1280;  // with its WebSocket header

// Noise behind the stamp, so that no two frames in a row are alike; base64, of the one carrier that a process plays.
std::vector<std::string> make_fillers(std::size_t size) {
  std::vector<std::string> fillers;
  std::minstd_rand random(12345);
  std::vector<std::uint8_t> filler(size);
  while (fillers.size() < filler_count) {
    for (auto& sample : filler) sample = static_cast<std::uint8_t>(random() >> 8);
    fillers.push_back(base64(filler));
  }
  return fillers;
}

std::string key_of(unsigned run, unsigned index) {
  std::array<std::uint8_t, 16> raw{};
  std::memcpy(raw.data(), &run, sizeof run);
  std::memcpy(raw.data() + 8, &index, sizeof index);
  return base64(raw);
}

}  // namespace

Call::Call(Loop& loop, const Options& options, const Carrier& carrier, Owner& owner, unsigned run, unsigned index)
    : loop_(loop),
      options_(options),
      carrier_(carrier),
      owner_(owner),
      run_(run),
      identity_(identity_of(run, index)),
      key_(key_of(run, index)),
      mask_(index * 2654435761U + run) {}

void Call::start() {
  if (options_.webhook) {
    phase_ = Phase::announced;
    return loop_.connect(*this, options_.host, options_.port, carrier_.announcement(identity_));
  }
  target_.path = options_.path;
  if (const std::size_t at = target_.path.find("{i}"); at != std::string::npos) {
    target_.path.replace(at, 3, std::to_string(index()));
  }
  open_stream();
}

void Call::answered(StreamTarget target, std::string callback_path) {
  target_ = std::move(target);
  callback_path_ = std::move(callback_path);
}

void Call::open_stream() {
  phase_ = Phase::upgrade;
  loop_.connect(*this, options_.host, options_.port, upgrade_request(options_, target_.path, key_));
}

std::size_t Call::on_bytes(std::span<std::uint8_t> bytes) {
  if (phase_ == Phase::announced || phase_ == Phase::farewell) return on_answer(as_text(bytes));
  std::size_t used = 0;
  if (phase_ == Phase::upgrade) {
    used = on_upgrade_answer(as_text(bytes));
    if (phase_ != Phase::streaming) return used;
  }
  bool closed = false;
  const std::size_t frames =
      FrameReader::read(bytes.subspan(used), [&](Opcode opcode, std::span<std::uint8_t> payload) {
        closed = opcode == Opcode::close;
        if (opcode == Opcode::ping) loop_.send(*this, make_frame(Opcode::pong, as_text(payload), true));
        return !closed && is_open();
      });
  if (closed || frames == FrameReader::failed) {
    abandon(closed ? "closed by the server" : "invalid frame");
    return bytes.size();
  }
  return used + frames;
}

std::size_t Call::on_answer(std::string_view text) {
  const auto answer = whole_message(text);
  if (!answer) return 0;
  take_answer(*answer);
  return text.size();
}

// Goes on with another connection, as the carrier's other machine would.
void Call::take_answer(const HttpMessage& answer) {
  const std::string answered = "answered " + std::string(answer.head.substr(9, 3));
  if (!answer.head.starts_with("HTTP/1.1 200")) return abandon(answered);
  if (phase_ == Phase::farewell) return abandon("");
  if (auto target = carrier_.target_in(answer.body)) target_ = std::move(*target);
  if (target_.path.empty()) return abandon(answered + " without a stream");
  loop_.close(*this);
  open_stream();
}

std::size_t Call::on_upgrade_answer(std::string_view text) {
  const std::size_t head_end = text.find("\r\n\r\n");
  if (head_end == text.npos) return 0;
  const bool accepted = text.starts_with("HTTP/1.1 101") &&
                        header_of(text.substr(0, head_end + 2), "Sec-WebSocket-Accept") == accept_key(key_);
  if (!accepted) {
    abandon("answered " + std::string(text.substr(9, 3)));
    return text.size();
  }
  phase_ = Phase::streaming;
  for (const std::string& message : carrier_.opening(identity_, target_.token)) send_text(message);
  if (is_open()) owner_.ready(*this);
  return head_end + 4;
}

void Call::send_frame(std::uint64_t now) {
  static const auto fillers = make_fillers(carrier_.frame_bytes() - head_bytes);
  std::array<std::uint8_t, head_bytes> head{};
  put_stamp({run_, index(), frames_, now}, std::span(head).first<stamp_bytes>());
  std::array<char, max_audio> encoded;
  Text audio(encoded.data());
  audio.base64(head) << fillers[(index() + frames_) % filler_count];

  std::array<std::uint8_t, max_message> buffer;
  char* body = reinterpret_cast<char*>(buffer.data() + max_header);
  Text text(body);
  carrier_.put_frame(text, identity_, frames_++, {encoded.data(), audio.end()});

  mask_ = mask_ * 1664525U + 1013904223U;
  const auto size = static_cast<std::size_t>(text.end() - body);
  apply_mask({reinterpret_cast<std::uint8_t*>(body), size}, mask_);
  const std::size_t header = header_size(size, true);
  std::uint8_t* frame = buffer.data() + max_header - header;
  put_header(frame, Opcode::text, size, true, mask_);
  loop_.send(*this, std::span<const std::uint8_t>(frame, header + size));
}

void Call::stop() {
  stopped_ = true;
  if (const std::string last = carrier_.ending(identity_, frames_); !last.empty()) send_text(last);
  loop_.send(*this, make_frame(Opcode::close, std::string_view("\x03\xE8", 2), true));
}

void Call::abandon(const std::string& why) {
  loop_.close(*this);
  on_gone(why);
}

void Call::on_gone(const std::string& why) {
  const Phase before = std::exchange(phase_, Phase::over);
  if (before == Phase::streaming && stopped_) {
    const std::string farewell = carrier_.farewell(identity_, callback_path_);
    if (farewell.empty()) return owner_.gone(*this, "");
    phase_ = Phase::farewell;
    loop_.connect(*this, options_.host, options_.port, farewell);
  } else if (before == Phase::streaming) {
    owner_.gone(*this, why);
  } else if (before == Phase::farewell) {
    owner_.gone(*this, why.empty() ? "" : "callback: " + why);
  } else if (before != Phase::over) {
    owner_.failed(*this, (before == Phase::announced ? "webhook: " : "upgrade: ") + why);
  }
}

void Call::send_text(std::string_view message) {
  if (is_open()) loop_.send(*this, make_frame(Opcode::text, message, true));
}

}  // namespace streamload

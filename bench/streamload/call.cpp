#include "call.hpp"

#include <openssl/evp.h>

#include <charconv>
#include <cstring>
#include <random>

namespace streamload {
namespace {

constexpr std::string_view baseline_account = "AC00000000000000000000000000000001";
constexpr std::size_t filler_bytes = frame_bytes - stamp_bytes;
constexpr std::size_t filler_count = 64;

// Noise behind the stamp, so that no two frames in a row are alike.
std::array<std::array<std::uint8_t, filler_bytes>, filler_count> make_fillers() {
  std::array<std::array<std::uint8_t, filler_bytes>, filler_count> fillers{};
  std::minstd_rand random(12345);
  for (auto& filler : fillers) {
    for (auto& sample : filler) sample = static_cast<std::uint8_t>(random() >> 8);
  }
  return fillers;
}

std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string key_of(unsigned run, unsigned index) {
  std::array<std::uint8_t, 16> raw{};
  std::memcpy(raw.data(), &run, sizeof run);
  std::memcpy(raw.data() + 8, &index, sizeof index);
  return base64(raw);
}

// Writes text into a buffer that is large enough.
class Text {
 public:
  explicit Text(char* at) : at_(at) {}
  Text& operator<<(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
    return *this;
  }
  Text& operator<<(std::uint64_t number) {
    at_ = std::to_chars(at_, at_ + 20, number).ptr;
    return *this;
  }
  Text& base64(std::span<const std::uint8_t> bytes) {
    at_ += EVP_EncodeBlock(reinterpret_cast<unsigned char*>(at_), bytes.data(), static_cast<int>(bytes.size()));
    return *this;
  }
  char* end() const { return at_; }

 private:
  char* at_;
};

}  // namespace

Call::Call(Loop& loop, const Options& options, Owner& owner, unsigned run, unsigned index)
    : loop_(loop),
      options_(options),
      owner_(owner),
      run_(run),
      index_(index),
      identity_(identity_of(run, index)),
      key_(key_of(run, index)),
      mask_(index * 2654435761U + run) {}

void Call::start() {
  if (options_.webhook) {
    phase_ = Phase::webhook;
    return loop_.connect(*this, options_.host, options_.port, webhook_request(options_, identity_));
  }
  std::string path = options_.path;
  if (const std::size_t at = path.find("{i}"); at != path.npos) path.replace(at, 3, std::to_string(index_));
  open_stream(path);
}

void Call::open_stream(const std::string& path) {
  phase_ = Phase::upgrade;
  loop_.connect(*this, options_.host, options_.port, upgrade_request(options_, path, key_));
}

std::size_t Call::on_bytes(std::span<std::uint8_t> bytes) {
  if (phase_ == Phase::webhook) return on_webhook_answer(as_text(bytes));
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
    loop_.close(*this);
    on_gone(closed ? "closed by the server" : "invalid frame");
    return bytes.size();
  }
  return used + frames;
}

// Waits for the whole answer, then goes on with another connection, as the carrier's other machine would.
std::size_t Call::on_webhook_answer(std::string_view text) {
  const std::size_t head_end = text.find("\r\n\r\n");
  if (head_end == text.npos) return 0;
  std::size_t length = 0;
  const std::string_view value = header_of(text.substr(0, head_end + 2), "Content-Length");
  std::from_chars(value.data(), value.data() + value.size(), length);
  const std::string_view body = text.substr(head_end + 4);
  if (body.size() < length) return 0;
  const auto target = target_of(body);
  if (!text.starts_with("HTTP/1.1 200") || !target) {
    abandon("webhook answered " + std::string(text.substr(9, 3)) + (target ? "" : " without a stream"));
    return text.size();
  }
  loop_.close(*this);
  token_ = target->token;
  open_stream(target->path);
  return text.size();
}

std::size_t Call::on_upgrade_answer(std::string_view text) {
  const std::size_t head_end = text.find("\r\n\r\n");
  if (head_end == text.npos) return 0;
  const bool accepted = text.starts_with("HTTP/1.1 101") &&
                        header_of(text.substr(0, head_end + 2), "Sec-WebSocket-Accept") == accept_key(key_);
  if (!accepted) {
    abandon("upgrade answered " + std::string(text.substr(9, 3)));
    return text.size();
  }
  phase_ = Phase::streaming;
  send_text(connected_message());
  send_text(start_message(identity_, options_.webhook ? options_.webhook->account_sid : std::string(baseline_account),
                          token_));
  sequence_ = 1;
  if (is_open()) owner_.ready(*this);
  return head_end + 4;
}

void Call::send_frame(std::uint64_t now) {
  static const auto fillers = make_fillers();
  std::array<std::uint8_t, frame_bytes> audio{};
  put_stamp({run_, index_, frames_, now}, std::span(audio).first<stamp_bytes>());
  std::memcpy(audio.data() + stamp_bytes, fillers[(index_ + frames_) % filler_count].data(), filler_bytes);

  std::array<std::uint8_t, 512> buffer;
  char* body = reinterpret_cast<char*>(buffer.data() + max_header);
  Text text(body);
  text << R"({"event":"media","sequenceNumber":")" << std::uint64_t{++sequence_}
       << R"(","media":{"track":"inbound","chunk":")" << std::uint64_t{frames_} + 1 << R"(","timestamp":")"
       << std::uint64_t{frames_} * 20 << R"(","payload":")";
  text.base64(audio) << R"("},"streamSid":")" << identity_.stream_sid << R"("})";
  ++frames_;

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
  const std::string account = options_.webhook ? options_.webhook->account_sid : std::string(baseline_account);
  send_text(stop_message(identity_, account, ++sequence_));
  loop_.send(*this, make_frame(Opcode::close, std::string_view("\x03\xE8", 2), true));
}

void Call::abandon(const std::string& why) {
  loop_.close(*this);
  on_gone(why);
}

void Call::on_gone(const std::string& why) {
  const Phase before = phase_;
  phase_ = Phase::over;
  if (before == Phase::streaming) {
    owner_.gone(*this, stopped_ ? "" : why);
  } else if (before != Phase::over) {
    owner_.failed(*this, (before == Phase::webhook ? "webhook: " : "upgrade: ") + why);
  }
}

void Call::send_text(std::string_view message) {
  if (is_open()) loop_.send(*this, make_frame(Opcode::text, message, true));
}

}  // namespace streamload

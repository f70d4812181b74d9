#include <trunkline/adapters/deepgram_machine.hpp>
#include <trunkline/adapters/deepgram_transcriber.hpp>

#include <random>
#include <vector>

namespace trunkline::adapters {
namespace {

constexpr milliseconds tick_period{100};
constexpr std::int64_t frame_ms = 20;

std::function<double()> make_chance() {
  return [engine = std::minstd_rand(std::random_device{}()),
          spread = std::uniform_real_distribution<double>()]() mutable { return spread(engine); };
}

// All tracks of one stream; reports the end when the last of them has ended.
struct Report {
  std::shared_ptr<speech::TranscriptListener> listener;
  std::size_t running = 0;
};

// One track: the machine with its connection. Kept alive by the sink, the timer and the connection's handler.
class Line final : public DeepgramOutput, public std::enable_shared_from_this<Line> {
 public:
  Line(DeepgramStream stream, const DeepgramOptions& options, SocketOpener& opener, const Clock& clock,
       std::shared_ptr<Report> report)
      : track_(stream.track),
        url_(options.url + deepgram_target(stream)),
        authorization_(deepgram_authorization(options.api_key)),
        opener_(opener),
        clock_(clock),
        report_(std::move(report)),
        machine_(std::move(stream), make_chance()) {}

  media::Track track() const { return track_; }
  DeepgramMachine& machine() { return machine_; }

  void start() {
    machine_.start(clock_.mono(), *this);
    opener_.every(tick_period, [line = shared_from_this()] {
      line->machine_.tick(line->clock_.mono(), *line);
      line->flush();
      return !line->machine_.done();
    });
  }

  void finish() {
    machine_.finish(clock_.mono(), *this);
    flush();
  }

  void flush() {
    if (socket_ != nullptr) socket_->flush();
  }

  std::size_t queued_bytes() const {
    return machine_.queued_bytes() + (socket_ == nullptr ? 0 : socket_->unsent_bytes());
  }

 private:
  // One connection. What an abandoned one still says is not for the machine.
  class Connection final : public net::WebSocketHandler {
   public:
    Connection(std::shared_ptr<Line> line, std::uint64_t number) : line_(std::move(line)), number_(number) {}

    void on_open(net::WebSocket& socket) override {
      if (!current()) return socket.close(net::CloseCode::normal, "");
      line_->socket_ = &socket;
      line_->machine_.connected(line_->clock_.mono(), *line_);
    }
    void on_text(std::string_view message) override {
      if (current()) line_->machine_.text(message, line_->clock_.mono(), *line_);
    }
    void on_binary(std::span<const std::uint8_t>) override {}
    void on_close(const net::CloseInfo& info) override {
      if (!current()) return;
      line_->socket_ = nullptr;
      line_->machine_.closed(info, line_->clock_.mono(), *line_);
    }

   private:
    bool current() const { return line_->connection_ == number_; }

    std::shared_ptr<Line> line_;
    std::uint64_t number_;
  };

  void connect() override {
    opener_.open(url_, {{"Authorization", authorization_}},
                 std::make_shared<Connection>(shared_from_this(), ++connection_));
  }
  bool send_binary(std::span<const std::uint8_t> audio) override { return socket_->send_binary(audio); }
  bool send_text(std::string_view message) override { return socket_->send_text(message); }
  void close() override {
    ++connection_;
    if (socket_ != nullptr) socket_->close(net::CloseCode::normal, "");
    socket_ = nullptr;
  }
  void segment(const speech::Segment& segment) override { report_->listener->on_segment(segment); }
  void trouble(const std::string& reason, const std::string& message) override {
    report_->listener->on_trouble(reason, message);
  }
  void finished() override {
    if (--report_->running == 0) report_->listener->on_finished();
  }

  const media::Track track_;
  const std::string url_;
  const std::string authorization_;
  SocketOpener& opener_;
  const Clock& clock_;
  std::shared_ptr<Report> report_;
  DeepgramMachine machine_;
  net::WebSocket* socket_ = nullptr;
  std::uint64_t connection_ = 0;
};

class DeepgramSink final : public media::Sink {
 public:
  DeepgramSink(media::Format format, std::vector<std::shared_ptr<Line>> lines)
      : frame_samples_(static_cast<std::uint64_t>(format.samples(frame_ms))), lines_(std::move(lines)) {}

  std::string_view name() const override { return "deepgram"; }

  void on_frame(const media::Frame& frame) noexcept override {
    for (auto& line : lines_) {
      if (line->track() != frame.track) continue;
      if (frame.kind == media::FrameKind::audio) {
        line->machine().audio(frame.data, frame.position, frame.arrived, *line);
      } else if (frame.kind == media::FrameKind::silence) {
        line->machine().silence(frame.samples, frame.position, frame.arrived, *line);
      }  // a late frame's stretch was already sent as silence
    }
  }

  void on_batch_end() noexcept override {
    for (auto& line : lines_) line->flush();
  }

  void on_end(media::EndCause) noexcept override {
    for (auto& line : lines_) line->finish();
  }

  std::size_t queued_bytes() const noexcept override {
    std::size_t bytes = 0;
    for (const auto& line : lines_) bytes += line->queued_bytes();
    return bytes;
  }

  std::uint64_t dropped() const noexcept override {
    std::uint64_t frames = 0;
    for (const auto& line : lines_) frames += (line->machine().lost_samples() + frame_samples_ - 1) / frame_samples_;
    return frames;
  }

 private:
  const std::uint64_t frame_samples_;
  std::vector<std::shared_ptr<Line>> lines_;
};

class DeepgramTranscriber final : public speech::Transcriber {
 public:
  DeepgramTranscriber(DeepgramOptions options, SocketOpener& opener, const Clock& clock)
      : options_(std::move(options)), opener_(opener), clock_(clock) {}

  std::string_view engine() const override { return "deepgram"; }

  Result<std::shared_ptr<media::Sink>> open(const speech::TranscribeRequest& request,
                                            std::shared_ptr<speech::TranscriptListener> listener) override {
    if (options_.api_key.empty()) return make_error("unsupported", "no Deepgram API key is configured");
    const auto report = std::make_shared<Report>(Report{std::move(listener), request.tracks.size()});
    std::vector<std::shared_ptr<Line>> lines;
    for (const auto track : request.tracks) {
      const DeepgramStream stream{track, request.format, options_.model, request.language};
      lines.push_back(std::make_shared<Line>(stream, options_, opener_, clock_, report));
      lines.back()->start();
    }
    return std::shared_ptr<media::Sink>(std::make_shared<DeepgramSink>(request.format, std::move(lines)));
  }

 private:
  const DeepgramOptions options_;
  SocketOpener& opener_;
  const Clock& clock_;
};

}  // namespace

std::unique_ptr<speech::Transcriber> make_deepgram_transcriber(DeepgramOptions options, SocketOpener& opener,
                                                               const Clock& clock) {
  return std::make_unique<DeepgramTranscriber>(std::move(options), opener, clock);
}

}  // namespace trunkline::adapters

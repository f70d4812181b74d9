#pragma once

#include <trunkline/media/sink.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace trunkline::media {

/// A stream that runs on this node, as others may touch it; on its own thread only.
class LiveStream {
 public:
  virtual ~LiveStream() = default;
  /// The provider's name for it.
  virtual const std::string& id() const = 0;
  virtual const Format& format() const = 0;
  /// The call goes with it: the provider hangs up when it ends. One that only listens may end while the parties talk
  /// on.
  virtual bool carries_call() const = 0;
  virtual void add_sink(std::shared_ptr<Sink> sink) = 0;
  virtual void remove_sink(const Sink& sink) = 0;
  /// Ends the stream and hangs up its socket; more than one call is harmless.
  virtual void end(EndCause cause) = 0;
};

/// The streams of this node by call, and the way to their threads. Any thread.
class ActiveStreams {
 public:
  explicit ActiveStreams(std::size_t limit) : limit_(limit) {}

  /// False when the node's limit is reached or the call has a stream already. remove() gives the place back.
  [[nodiscard]] bool add(const std::string& call_id, boost::asio::any_io_executor executor,
                         std::weak_ptr<LiveStream> stream);
  /// As add(), but a stream that the call has is ended as `replaced` and gives its place.
  [[nodiscard]] bool replace(const std::string& call_id, boost::asio::any_io_executor executor,
                             std::weak_ptr<LiveStream> stream);
  /// Nothing when the place is another stream's by now.
  void remove(const std::string& call_id, const LiveStream& stream);

  /// A call was answered with a stream that is to come here; forgotten when it came, or at `until`.
  void expect(const std::string& call_id, MonoTime until);
  /// The call is over: its stream will not come.
  void expect_no_more(const std::string& call_id);
  /// Streams that are still to come.
  std::size_t expected(MonoTime now);
  /// Whether those that run and those that are to come take all the places there are.
  bool full(MonoTime now) { return size() + expected(now) >= limit_; }

  bool has(const std::string& call_id) const;
  std::size_t size() const;
  std::vector<std::string> call_ids() const;

  /// Runs `work` on the stream's thread, or `gone` there when the stream was freed by then. False, and nothing is run,
  /// when the call has no stream here.
  bool post(const std::string& call_id, std::function<void(LiveStream&)> work, std::function<void()> gone = {});
  void post_all(const std::function<void(LiveStream&)>& work);

 private:
  struct Entry {
    boost::asio::any_io_executor executor;
    std::weak_ptr<LiveStream> stream;
  };
  static void post(const Entry& entry, std::function<void(LiveStream&)> work, std::function<void()> gone);

  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
  std::unordered_map<std::string, MonoTime> expected_;
};

}  // namespace trunkline::media

#pragma once

#include "call.hpp"
#include "call_automation.hpp"
#include "carrier.hpp"
#include "loop.hpp"
#include "options.hpp"
#include "result.hpp"
#include "sink.hpp"

#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <vector>

namespace streamload {

/// Sessions of calls against one server, one after the other: set up, warm up, measure, drain, stop, settle.
class Sessions final : public Call::Owner {
 public:
  /// The protocol and the ports of `options` hold for all of them.
  Sessions(const Options& options, const volatile std::sig_atomic_t& interrupted);

  Result run(const Options& options);

 private:
  static constexpr std::uint64_t slot_ns = 10'000;
  static constexpr std::size_t slot_count = 16384;  // 164 ms

  void reset(const Options& options);
  void set_up();
  void measure();
  void stop();
  void settle();

  std::string answer(const AnswerRequest& request);
  void ready(Call& call) override;
  void failed(Call& call, const std::string& why) override;
  void gone(Call& call, const std::string& why) override;
  void arrived(const Stamp& stamp, std::uint64_t at);

  void schedule(Call& call, std::uint64_t due);
  bool send_due();
  void send_frame(Call& call);
  void step();
  void run_for(double seconds, const std::function<bool()>& done = [] { return false; });
  bool in_window(std::uint64_t at) const { return at >= window_begin_ && at < window_end_; }

  const volatile std::sig_atomic_t& interrupted_;
  Options options_;
  const std::unique_ptr<Carrier> carrier_;
  Loop loop_;
  Sink sink_;
  std::optional<CallAutomation> service_;
  Result result_;
  std::vector<std::unique_ptr<Call>> calls_;
  std::vector<std::uint32_t> next_sequence_;
  std::minstd_rand random_;
  std::uint32_t run_;
  unsigned setting_up_ = 0;
  unsigned streaming_ = 0;
  bool media_on_ = false;
  std::uint64_t window_begin_ = 0;
  std::uint64_t window_end_ = 0;

  std::vector<int> slots_;  // a timer wheel: the first call due in each slot
  std::uint64_t slot_ = 0;  // absolute number of the one that is being worked on
};

}  // namespace streamload

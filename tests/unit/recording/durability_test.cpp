#include "unit/recording/fixture.hpp"

#include <sys/syscall.h>

#include <system_error>
#include <utility>

namespace trunkline::recording {
namespace {

/// What was asked to be on the disk, in order.
class Synced {
 public:
  static Synced& all() {
    static Synced synced;
    return synced;
  }
  void add(int descriptor) {
    std::error_code ignored;
    const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor), ignored);
    const std::lock_guard lock(mutex_);
    paths_.push_back(path);
  }
  std::vector<std::filesystem::path> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(paths_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<std::filesystem::path> paths_;
};

}  // namespace
}  // namespace trunkline::recording

// Takes the place of the C library's in this program.
extern "C" int fsync(int descriptor) {
  trunkline::recording::Synced::all().add(descriptor);
  return static_cast<int>(::syscall(SYS_fsync, descriptor));
}

namespace trunkline::recording {
namespace {

using Paths = std::vector<std::filesystem::path>;

void record(const std::filesystem::path& path) {
  ThreadPool pool("writers", 1, 100);
  Outcome outcome;
  const auto sink = make_recorder(path, {}, {pool, pool}, outcome.callback());
  sink->on_frame({media::Track::inbound, media::FrameKind::silence, 0, 8000, {}, {}});
  sink->on_end(media::EndCause::stop);
  REQUIRE(outcome.wait().has_value());
}

}  // namespace

TEST_CASE("A finished recording's name is on the disk, and so are those of the folders made for it") {
  const TemporaryFolder folder;
  const auto root = std::filesystem::canonical(folder / "");
  const auto day = root / "2026/11/20";
  Synced::all().take();

  record(day / "one.wav");
  CHECK(Synced::all().take() == Paths{root, root / "2026", root / "2026/11", day / "one.wav", day});
  record(day / "two.wav");
  CHECK(Synced::all().take() == Paths{day / "two.wav", day});
}

TEST_CASE("A repaired recording's name is on the disk") {
  const TemporaryFolder folder;
  const auto root = std::filesystem::canonical(folder / "");
  record(root / "r.wav");
  Synced::all().take();
  REQUIRE(repair(root / "r.wav").has_value());
  CHECK(Synced::all().take() == Paths{root / "r.wav", root});
}

}  // namespace trunkline::recording

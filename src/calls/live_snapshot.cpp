#include <trunkline/base/text.hpp>
#include <trunkline/calls/fold.hpp>
#include <trunkline/calls/live_snapshot.hpp>

#include <utility>

namespace trunkline::calls {
namespace {

const std::string* field(const store::Hash& shown, const char* name) {
  const auto found = shown.find(name);
  return found == shown.end() ? nullptr : &found->second;
}

Error damaged(std::string detail) {
  return make_error("live_damaged", "a call in the live store could not be read", std::move(detail));
}

}  // namespace

std::string live_key(std::string_view call_id) {
  return "call/" + std::string(call_id);
}

void add_snapshot(store::Hash& shown, const Call& call, WallTime read_at) {
  shown["snapshot"] = to_snapshot(call);
  shown["asOf"] = std::to_string(to_millis(read_at));
}

Result<std::optional<LiveSnapshot>> find_snapshot(const store::Hash& shown, std::string_view call_id) {
  const std::string* snapshot = field(shown, "snapshot");
  if (snapshot == nullptr) return std::optional<LiveSnapshot>();
  const std::string* as_of = field(shown, "asOf");
  const auto read_at = as_of == nullptr ? std::nullopt : text::to_int(*as_of);
  if (!read_at) return damaged("it does not say when it was read");
  auto call = from_snapshot(*snapshot);
  if (!call) return damaged(call.error().detail);
  const std::string* version = field(shown, "version");
  if (call->id != call_id || version == nullptr || *version != std::to_string(call->version)) {
    return damaged("the snapshot is of another call or version");
  }
  return std::optional(LiveSnapshot{std::move(*call), from_millis(*read_at)});
}

std::string to_message(const Changes& changes) {
  std::string message;
  for (const auto& [call_id, version] : changes) {
    message += call_id;
    message += ' ';
    message += std::to_string(version);
    message += '\n';
  }
  return message;
}

bool read_changes(std::string_view message,
                  const std::function<void(const std::string& call_id, std::int64_t version)>& on_change) {
  bool all_read = true;
  for (const std::string_view line : text::split(message, '\n')) {
    if (line.empty()) continue;
    const auto blank = line.find(' ');
    const auto version = blank == std::string_view::npos ? std::nullopt : text::to_int(line.substr(blank + 1));
    if (version) {
      on_change(std::string(line.substr(0, blank)), *version);
    } else {
      all_read = false;
    }
  }
  return all_read;
}

}  // namespace trunkline::calls

#include "processes.hpp"

#include "clock.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>

namespace streamload {
namespace {

namespace fs = std::filesystem;

struct Process {
  int parent = 0;
  double seconds = 0;
};

std::string contents(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<Process> read_process(int id) {
  const std::string stat = contents("/proc/" + std::to_string(id) + "/stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == stat.npos) return std::nullopt;
  int parent = 0;
  unsigned long user = 0;
  unsigned long system = 0;
  const char* rest = stat.c_str() + name_end + 2;
  if (std::sscanf(rest, "%*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &parent, &user, &system) != 3) {
    return std::nullopt;
  }
  return Process{parent, static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK))};
}

std::map<int, Process> all_processes() {
  std::map<int, Process> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const int id = std::atoi(entry.path().filename().c_str());
    if (id <= 0) continue;
    if (const auto process = read_process(id)) found[id] = *process;
  }
  return found;
}

std::set<int> family(const std::map<int, Process>& all, int head) {
  std::set<int> members{head};
  for (std::size_t before = 0; before != members.size();) {
    before = members.size();
    for (const auto& [id, process] : all) {
      if (members.contains(process.parent)) members.insert(id);
    }
  }
  return members;
}

std::uint64_t field(const std::string& status, const char* name) {
  const std::size_t at = status.find(name);
  return at == status.npos ? 0 : std::strtoull(status.c_str() + at + std::string(name).size(), nullptr, 10);
}

void add_memory_and_switches(int id, Usage& usage) {
  const fs::path folder = "/proc/" + std::to_string(id);
  usage.rss_kb += field(contents(folder / "status"), "VmRSS:");
  std::error_code ignored;
  for (const auto& task : fs::directory_iterator(folder / "task", ignored)) {
    const std::string status = contents(task.path() / "status");
    usage.context_switches +=
        field(status, "\nvoluntary_ctxt_switches:") + field(status, "nonvoluntary_ctxt_switches:");
  }
}

}  // namespace

Usage measure_usage(int server) {
  Usage usage;
  const auto all = all_processes();
  usage.at_ns = now_ns();
  timespec own{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
  usage.own_seconds = static_cast<double>(own.tv_sec) + static_cast<double>(own.tv_nsec) * 1e-9;
  const auto members = server == 0 ? std::set<int>{} : family(all, server);
  for (const auto& [id, process] : all) {
    if (members.contains(id)) {
      usage.alive = true;
      usage.server_seconds += process.seconds;
      add_memory_and_switches(id, usage);
    } else if (id != getpid()) {
      usage.others[id] = process.seconds;
    }
  }
  return usage;
}

double foreign_seconds(const Usage& before, const Usage& after) {
  double sum = 0;
  for (const auto& [id, seconds] : after.others) {
    const auto then = before.others.find(id);
    sum += seconds - (then == before.others.end() ? 0 : then->second);
  }
  return sum;
}

}  // namespace streamload

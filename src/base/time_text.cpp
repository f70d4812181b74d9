#include <trunkline/base/text.hpp>

#include <array>
#include <cstdio>

namespace trunkline::text {
namespace {

using namespace std::chrono;

/// Reads fixed-width numbers from the front of a text; `ok` stays true while everything fitted.
struct Reader {
  std::string_view rest;
  bool ok = true;

  int number(std::size_t digits) {
    if (rest.size() < digits) return fail();
    int value = 0;
    for (const char c : rest.substr(0, digits)) {
      if (c < '0' || c > '9') return fail();
      value = value * 10 + (c - '0');
    }
    rest.remove_prefix(digits);
    return value;
  }
  void expect(std::string_view any_of) {
    if (rest.empty() || any_of.find(rest[0]) == std::string_view::npos) {
      fail();
    } else {
      rest.remove_prefix(1);
    }
  }
  int fail() {
    ok = false;
    return 0;
  }
};

std::optional<WallTime> assemble(int y, int mo, int d, int h, int mi, int s, int ms, int offset_minutes) {
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
  if (!date.ok() || h > 23 || mi > 59 || s > 60) return std::nullopt;
  return sys_days{date} + hours{h} + minutes{mi} + seconds{s} + milliseconds{ms} - minutes{offset_minutes};
}

// `+hh:mm` or `+hhmm`, in minutes.
int read_offset(Reader& in) {
  const int sign = !in.rest.empty() && in.rest[0] == '-' ? -1 : 1;
  in.expect("+-");
  const int h = in.number(2);
  if (!in.rest.empty() && in.rest[0] == ':') in.rest.remove_prefix(1);
  const int mi = in.number(2);
  if (h > 23 || mi > 59) in.fail();
  return sign * (h * 60 + mi);
}

constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<const char*, 7> weekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

}  // namespace

std::string to_rfc3339(WallTime time) {
  const auto day_start = floor<days>(time);
  const year_month_day date{day_start};
  const hh_mm_ss clock{time - day_start};
  char out[80];
  const int size = std::snprintf(out, sizeof out, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int{date.year()},
                                 unsigned{date.month()}, unsigned{date.day()}, static_cast<int>(clock.hours().count()),
                                 static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
                                 static_cast<int>(clock.subseconds().count()));
  return {out, static_cast<std::size_t>(size)};
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  Reader in{text};
  const int y = in.number(4);
  in.expect("-");
  const int mo = in.number(2);
  in.expect("-");
  const int d = in.number(2);
  in.expect("Tt ");
  const int h = in.number(2);
  in.expect(":");
  const int mi = in.number(2);
  in.expect(":");
  const int s = in.number(2);
  int ms = 0;
  if (in.ok && !in.rest.empty() && in.rest[0] == '.') {
    in.rest.remove_prefix(1);
    int scale = 100;
    std::size_t digits = 0;
    for (; !in.rest.empty() && in.rest[0] >= '0' && in.rest[0] <= '9'; in.rest.remove_prefix(1), ++digits) {
      ms += (in.rest[0] - '0') * scale;
      scale /= 10;
    }
    if (digits == 0) return std::nullopt;
  }
  int offset = 0;
  if (!in.rest.empty() && (in.rest[0] == 'Z' || in.rest[0] == 'z')) {
    in.rest.remove_prefix(1);
  } else {
    offset = read_offset(in);
  }
  if (!in.ok || !in.rest.empty()) return std::nullopt;
  return assemble(y, mo, d, h, mi, s, ms, offset);
}

std::optional<WallTime> parse_rfc2822(std::string_view text) {
  if (const auto comma = text.find(", "); comma != std::string_view::npos) text.remove_prefix(comma + 2);
  const auto first_blank = text.find(' ');
  if (first_blank != 1 && first_blank != 2) return std::nullopt;
  Reader in{text};
  const int d = in.number(first_blank);
  in.expect(" ");
  int mo = 0;
  for (std::size_t i = 0; i < months.size(); ++i) {
    if (in.rest.starts_with(months[i])) mo = static_cast<int>(i) + 1;
  }
  if (mo == 0) return std::nullopt;
  in.rest.remove_prefix(3);
  in.expect(" ");
  const int y = in.number(4);
  in.expect(" ");
  const int h = in.number(2);
  in.expect(":");
  const int mi = in.number(2);
  in.expect(":");
  const int s = in.number(2);
  in.expect(" ");
  int offset = 0;
  if (in.rest == "GMT" || in.rest == "UTC") {
    in.rest = {};
  } else {
    offset = read_offset(in);
  }
  if (!in.ok || !in.rest.empty()) return std::nullopt;
  return assemble(y, mo, d, h, mi, s, 0, offset);
}

std::string to_rfc2822(WallTime time, std::string_view utc) {
  const auto day_start = floor<days>(time);
  const year_month_day date{day_start};
  const hh_mm_ss clock{floor<seconds>(time - day_start)};
  const char* weekday = weekdays[std::chrono::weekday{day_start}.c_encoding()];
  const char* month = months[unsigned{date.month()} - 1];
  char out[80];
  const int size = std::snprintf(out, sizeof out, "%s, %02u %s %04d %02d:%02d:%02d ", weekday, unsigned{date.day()},
                                 month, int{date.year()}, static_cast<int>(clock.hours().count()),
                                 static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return std::string(out, static_cast<std::size_t>(size)).append(utc);
}

}  // namespace trunkline::text

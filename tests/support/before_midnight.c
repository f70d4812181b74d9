// Preloaded into a process under test: its day (UTC) has five seconds left when it asks for the time first.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec* now) {
  static int (*real)(clockid_t, struct timespec*);
  static time_t ahead = -1;
  if (!real) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  const int result = real(clock, now);
  if (result != 0 || clock != CLOCK_REALTIME) return result;
  if (ahead < 0) ahead = (2 * 86400 - 5 - now->tv_sec % 86400) % 86400;
  now->tv_sec += ahead;
  return 0;
}

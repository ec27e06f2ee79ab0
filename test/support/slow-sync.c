/* A slow disk, for LD_PRELOAD: every sync takes $SLOW_SYNC_MS longer (8 ms unless given, as a hard disk does). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static struct timespec delay;

__attribute__((constructor)) static void begin(void) {
  const char *ms = getenv("SLOW_SYNC_MS");
  long nanoseconds = (ms ? atol(ms) : 8) * 1000000L;
  delay = (struct timespec){nanoseconds / 1000000000L, nanoseconds % 1000000000L};
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
}

int fsync(int fd) {
  nanosleep(&delay, NULL);
  return real_fsync(fd);
}

int fdatasync(int fd) {
  nanosleep(&delay, NULL);
  return real_fdatasync(fd);
}
